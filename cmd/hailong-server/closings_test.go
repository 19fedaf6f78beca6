package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/api"
	"hailong/server/closing"
)

// command runs hailong-server as a process, and gives its exit code, what it
// printed and what it said.
func command(t *testing.T, args ...string) (code int, out, said string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	c := exec.Command(self, args...)
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), asMain+"=1"), &stdout, &stderr
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// closings waits until the server has closed the months that are due.
func (s *station) closings() (months []api.ClosedMonth) {
	s.t.Helper()
	last := (survey.DayOf(time.Now()) - closing.Grace).Month().From
	eventually(s.t, "past months are closed", func() bool {
		var a api.Closings
		if err := json.Unmarshal([]byte(s.get("/api/v1/closings")), &a); err != nil {
			s.t.Fatal(err)
		}
		months = a.Months
		return len(months) > 0 && months[len(months)-1].To == last
	})
	return months
}

func (s *station) get(path string) string {
	s.t.Helper()
	a := ask(s.t, "GET", s.url+path, "", s.operator()...)
	if a.status != 200 {
		s.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	return a.body
}

// TestClosings: a server closes past months once their facts are in; it has the
// same figures again where their file is lost; and the command that compares
// them with the facts finds one that was changed.
func TestClosings(t *testing.T) {
	data := filepath.Join(t.TempDir(), "server")
	s := start(t, data, "--quiet=2s")
	s.organise(nil)
	example := filepath.Join("..", "..", "deploy", "example")
	if code, _, said := command(t, "demo", "--data="+data+".sample", "--keys="+data+".keys", "--nats="+s.NATS(), "--days=75",
		"--questionnaire="+filepath.Join(example, "questionnaire.yaml"), filepath.Join(example, "nghe-an-2018.yaml")); code != 0 {
		t.Fatal(said)
	}
	months := s.closings()
	if len(months) < 2 || months[0].By != "s1" {
		t.Fatalf("%+v", months)
	}
	before := s.get("/api/v1/breakdown?unit=SGTVT&service=administrative&by=way&from=" + months[0].From.String() + "&to=" + months[len(months)-1].To.String())
	var b api.Breakdown
	if err := json.Unmarshal([]byte(before), &b); err != nil || b.Whole.Answers < 50 || len(b.Parts) == 0 {
		t.Fatalf("%s %v", before, err)
	}
	month := months[len(months)-1].From.String()[:7]
	if code, out, said := command(t, "closing", "list", "--data="+data); code != 0 || strings.Count(out, "\n") != len(months)+1 || !strings.Contains(out, month+"  ") {
		t.Fatal(code, out, said)
	}
	if code, out, said := command(t, "closing", "check", "--data="+data); code != 0 || strings.Count(out, "figures are what the facts") != len(months) {
		t.Fatal(code, out, said)
	}
	s.stop()

	change := func(query string) {
		t.Helper()
		db, err := sql.Open("sqlite3", filepath.Join(data, "closed.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	change(`UPDATE figure SET n5 = n5 + 1 WHERE unit = 'SGTVT' AND dim = 'total' AND month = (SELECT max(id) FROM month)`)
	code, _, said := command(t, "closing", "check", "--data="+data, "--month="+month)
	if code != 1 || !strings.Contains(said, "published SGTVT/1/") || !strings.Contains(said, "Try: ") {
		t.Errorf("a changed figure: %d %s", code, said)
	}
	if code, _, said := command(t, "closing", "check", "--data="+data, "--month=2001-01"); code != 1 || !strings.Contains(said, "is not closed. Try: ") {
		t.Errorf("an open month: %d %s", code, said)
	}
	if code, _, said := command(t, "closing", "list", "--data="+data+"x"); code != 1 || !strings.Contains(said, "Try: ") {
		t.Errorf("no data: %d %s", code, said)
	}

	for _, name := range []string{"closed.db", "closed.db-wal", "closed.db-shm"} {
		if err := os.Remove(filepath.Join(data, name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	s = start(t, data, "--quiet=2s")
	if again := s.closings(); len(again) != len(months) || again[0].Closing != months[0].Closing {
		t.Errorf("%+v, want %+v", again, months)
	}
	if after := s.get("/api/v1/breakdown?unit=SGTVT&service=administrative&by=way&from=" + months[0].From.String() + "&to=" + months[len(months)-1].To.String()); after != before {
		t.Errorf("%s, want %s", after, before)
	}
}
