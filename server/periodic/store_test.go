package periodic

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/report"
)

func month(y int, m time.Month) survey.Period { return survey.NewDay(y, m, 1).Month() }

// fifth is when a month is closed in these tests.
func fifth(p survey.Period) Closing { return Closing{p, p.To.Start().Add(4*24*time.Hour + time.Hour)} }

func months(y int, from, to time.Month) (all []Closing) {
	for m := from; m <= to; m++ {
		all = append(all, fifth(month(y, m)))
	}
	return all
}

// TestDue: a month alone; a quarter with its third month; halves and the year
// with their last; nothing with a month missing.
func TestDue(t *testing.T) {
	names := func(cs []Closing) (all []string) {
		for _, c := range cs {
			all = append(all, c.Month.From.String()+"/"+c.Month.To.String()+" "+c.At.In(survey.Zone).Format("01-02"))
		}
		return all
	}
	for _, c := range []struct {
		of   []Closing
		want int
		has  Closing
	}{
		{months(2026, 1, 1), 1, fifth(month(2026, 1))},
		{months(2026, 1, 3), 3 + 1, Closing{survey.NewDay(2026, 1, 1).Quarter(), fifth(month(2026, 3)).At}},
		// Before the first month there was nothing: its quarter is whole, and April's is not.
		{months(2026, 2, 4), 3 + 1, Closing{survey.NewDay(2026, 1, 1).Quarter(), fifth(month(2026, 3)).At}},
		// A month that is missing between two is open.
		{append(months(2026, 1, 1), months(2026, 3, 3)...), 2, fifth(month(2026, 3))},
		{months(2026, 1, 6), 6 + 2 + 1, Closing{halfOf(survey.NewDay(2026, 5, 1)), fifth(month(2026, 6)).At}},
		{months(2026, 1, 12), 12 + 4 + 2 + 1, Closing{survey.NewDay(2026, 5, 1).Year(), fifth(month(2026, 12)).At}},
		// The month that was closed last need not be the last month.
		{append(months(2026, 2, 3), Closing{month(2026, 1), fifth(month(2026, 7)).At}), 4, Closing{survey.NewDay(2026, 1, 1).Quarter(), fifth(month(2026, 7)).At}},
	} {
		got := due(c.of)
		if len(got) != c.want {
			t.Errorf("%d of %v", len(got), names(got))
		}
		found := false
		for _, g := range got {
			found = found || g == c.has
		}
		if !found {
			t.Errorf("%v lacks %v", names(got), names([]Closing{c.has}))
		}
	}
}

func TestParsePeriod(t *testing.T) {
	for text, want := range map[string]survey.Period{
		"2026-10": month(2026, 10), "2024-02": {From: survey.NewDay(2024, 2, 1), To: survey.NewDay(2024, 3, 1)},
		"2026-Q4": {From: survey.NewDay(2026, 10, 1), To: survey.NewDay(2027, 1, 1)},
		"2026-H1": {From: survey.NewDay(2026, 1, 1), To: survey.NewDay(2026, 7, 1)},
		"2026":    {From: survey.NewDay(2026, 1, 1), To: survey.NewDay(2027, 1, 1)},
	} {
		if got, err := ParsePeriod("period", text); err != nil || got != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "26", "1969", "2026-0", "2026-1", "2026-13", "2026-00", "2026-Q5", "2026-Q0", "2026-H3", "2026-q1", "2026-+1", "2026-Q", "2026-", "2026-10-01", "202a", "+202", "2026-10 "} {
		if got, err := ParsePeriod("period", bad); survey.CodeOf(err) != survey.CodeBadField {
			t.Errorf("%q: %v %v", bad, got, err)
		}
	}
}

// TestSameBytes: what is kept of a closed period comes back to the byte after
// the files are gone, changed, or the program has started again, whatever came
// in since.
func TestSameBytes(t *testing.T) {
	w := small(t)
	ctx, dir := context.Background(), t.TempDir()
	closings := []Closing{fifth(month(2026, 10))}
	w.day(2, survey.NewDay(2026, 10, 5), survey.Counts{0, 0, 1, 4, 30})
	s, err := OpenStore(dir, w.Filler, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(ctx, closings); err != nil {
		t.Fatal(err)
	}
	list := s.List()
	if len(list) < 3 || list[0].Closed != closings[0].At || list[0].Period != month(2026, 10) || list[0].Format != report.XLSX {
		t.Fatalf("%+v", list)
	}
	first := map[string][]byte{}
	for _, k := range list {
		_, data, err := s.File(k.Name)
		if err != nil || int64(len(data)) != k.Size || hash(data) != k.SHA256 {
			t.Fatalf("%+v %v", k, err)
		}
		first[k.Name] = data
	}
	// Something comes in late, and a name is mended.
	w.day(3, survey.NewDay(2026, 10, 6), survey.Counts{9, 0, 0, 0, 0})
	w.put(`UPDATE unit SET name = 'Tên mới'`)
	check := func(what string, s *Store) {
		t.Helper()
		if got := s.List(); len(got) != len(list) {
			t.Fatalf("%s: %+v", what, got)
		}
		for name, want := range first {
			if _, data, err := s.File(name); err != nil || !bytes.Equal(data, want) {
				t.Errorf("%s: %s differs (%v)", what, name, err)
			}
			if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(data, want) {
				t.Errorf("%s: %s differs on the disk (%v)", what, name, err)
			}
		}
	}
	for name := range first {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(ctx, closings); err != nil {
		t.Fatal(err)
	}
	check("deleted", s)
	again, err := OpenStore(dir, w.Filler, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for name := range first {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check("changed, after a start", again)
	for _, bad := range []string{"", "x", "../server.db", "hai-long-2026-10-01-2026-10-31.json"} {
		if _, _, err := again.File(bad); survey.CodeOf(err) != survey.CodeNotFound {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// Another closing of the month counts: then it is another report.
	if err := again.Update(ctx, []Closing{{month(2026, 10), closings[0].At.Add(-time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	for _, k := range again.List() {
		if _, data, err := again.File(k.Name); err != nil || bytes.Equal(data, first[k.Name]) {
			t.Errorf("%s is as before (%v)", k.Name, err)
		}
	}
}

// TestUnreadable: what is broken in the folder is made anew, and said.
func TestUnreadable(t *testing.T) {
	w := small(t)
	dir := t.TempDir()
	for _, name := range []string{"a.json", "hai-long-2026-10-01-2026-10-31.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	s, err := OpenStore(dir, w.Filler, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil || len(s.List()) != 0 || !bytes.Contains(said.Bytes(), []byte("made again")) {
		t.Fatalf("%v %s", err, said.Bytes())
	}
	if err := s.Update(context.Background(), []Closing{fifth(month(2026, 10))}); err != nil || len(s.List()) < 3 {
		t.Errorf("%v %v", err, s.List())
	}
}

// TestRun: closings are looked for until the end.
func TestRun(t *testing.T) {
	w := small(t)
	s, err := OpenStore(t.TempDir(), w.Filler, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	turns := 0
	err = s.Run(ctx, time.Millisecond, func(context.Context) ([]Closing, error) {
		switch turns++; turns {
		case 1:
			return nil, nil
		case 2:
			return []Closing{fifth(month(2026, 10))}, nil
		}
		cancel()
		return nil, ctx.Err()
	})
	if err != context.Canceled || len(s.List()) < 3 {
		t.Errorf("%v %v", err, s.List())
	}
}
