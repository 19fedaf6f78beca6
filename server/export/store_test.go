package export

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"
)

func put(t *testing.T, s *Store, month survey.Period, questions []string, units ...string) {
	t.Helper()
	err := s.Put(month, func(w io.Writer) error {
		var gs []*Group
		for i, u := range units {
			gs = append(gs, group(u, uint64(i), 50))
		}
		_, err := WriteMonth(w, Head{month, "c1", questions}, slices.Values(gs))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func exported(t *testing.T, s *Store, p survey.Period, unit string) string {
	t.Helper()
	x, err := s.Open(p, unit)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := x.Write(NewCSV(&b, x.Questions)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestStore: whole months that are there, in their order, with the questions of
// all; nothing else.
func TestStore(t *testing.T) {
	s, err := OpenStore(filepath.Join(t.TempDir(), "export"))
	if err != nil {
		t.Fatal(err)
	}
	september := survey.NewDay(2026, time.September, 1).Month()
	both := survey.Period{From: september.From, To: october.To}
	put(t, s, october, []string{"b"}, "A", "B")
	if !s.Has(october, "c1") || s.Has(october, "c2") || s.Has(september, "c1") {
		t.Error("what is there is not known")
	}
	for _, c := range []struct {
		p    survey.Period
		want string
	}{
		{both, "2026-09-01"}, {september, "2026-09-01"}, {survey.Period{From: october.From + 1, To: october.To}, "2026-10-02"},
		{survey.Period{From: october.From, To: october.To - 1}, "2026-10-01"}, {october.From.Single(), "2026-10-01"},
		{survey.Period{From: october.From, To: october.To + 1}, "2026-11-01"},
	} {
		if _, err := s.Open(c.p, ""); survey.CodeOf(err) != survey.CodeNotClosed || !strings.Contains(survey.ErrorOf(err).MessageEN, c.want) {
			t.Errorf("%v: %v", c.p, err)
		}
	}
	put(t, s, september, []string{"a", "b"}, "A")
	lines := strings.Split(exported(t, s, both, ""), "\r\n")
	if len(lines) != 1+150+1 || !strings.HasSuffix(lines[0], ",score,q:a,q:b,reasons") || !strings.HasPrefix(lines[1], "2026-09,") || !strings.HasPrefix(lines[150], "2026-10,") {
		t.Errorf("%d lines, %s", len(lines), lines[0])
	}
	if one := strings.Split(exported(t, s, both, "B"), "\r\n"); len(one) != 1+50+1 || !strings.Contains(one[7], ",B,") {
		t.Errorf("%d lines", len(one))
	}
	// A file that could not be written leaves the one before.
	broken := errors.New("broken")
	if err := s.Put(october, func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if entries, err := os.ReadDir(s.dir); err != nil || len(entries) != 2 {
		t.Errorf("%v %v", entries, err)
	}
	if got := exported(t, s, october, ""); len(strings.Split(got, "\r\n")) != 102 {
		t.Error("the month before is gone")
	}
	// What is damaged is an error, and no short file.
	path := s.path(october)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := s.Open(october, "")
	if err == nil {
		err = x.Write(NewCSV(io.Discard, nil))
	}
	if err == nil || survey.CodeOf(err) != survey.CodeInternal {
		t.Errorf("%v", err)
	}
	if err := os.Rename(s.path(september), path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(october, ""); err == nil || !strings.Contains(err.Error(), "another month") {
		t.Errorf("%v", err)
	}
}
