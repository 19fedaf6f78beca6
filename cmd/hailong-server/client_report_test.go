package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/export"
)

// TestReportCommands: files come whole and under a new name, or not at all, and
// what is wrong is said with what to try.
func TestReportCommands(t *testing.T) {
	d := newDesk(t)
	october := survey.NewDay(2026, time.October, 1).Month()
	err := d.ballots.Put(october, func(w io.Writer) error {
		_, err := export.WriteMonth(w, export.Head{Period: october}, slices.Values([]*export.Group(nil)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	there := d.file("there.xlsx", "x")
	for _, c := range []struct {
		words        []string
		file         string // in dir
		begins       string // of the file; empty: there is none
		fault, tries string
	}{
		{[]string{"report", "--period=2026-10"}, "a.xlsx", "PK", "", ""},
		{[]string{"report", "--period=2026-Q4", "--format=csv", "--language=en"}, "b.csv", "\ufeff", "", ""},
		{[]string{"report", "--period=2026-13"}, "c.xlsx", "", "HL2008", "Try: "},
		{[]string{"report", "--period=2027"}, "d.xlsx", "", "HL3009", "Try: a period that begins today or before"},
		{[]string{"report", "--period=2026", "--unit=X"}, "e.xlsx", "", "HL3004", "Try: "},
		{[]string{"export", "--period=2026-10"}, "f.csv", "\ufeffmonth,", "", ""},
		{[]string{"export", "--from=2026-10", "--until=2026-10", "--format=parquet"}, "g.parquet", "PAR1", "", ""},
		{[]string{"export", "--from=2026-09", "--until=2026-10"}, "h.csv", "", "HL3010", "Try: whole months of the past"},
		{[]string{"export", "--from=2026-10"}, "i.csv", "", "HL2008", "Try: "},
	} {
		path := filepath.Join(dir, c.file)
		out, _, err := d.at(append(c.words, "-o", path)...)
		data, missing := os.ReadFile(path)
		if c.begins != "" && (err != nil || !strings.HasPrefix(string(data), c.begins) || !strings.HasSuffix(out, path+"\n")) {
			t.Errorf("%v: %q %v %.20q", c.words, out, err, data)
		}
		if c.begins == "" && (err == nil || !os.IsNotExist(missing) || !strings.Contains(err.Error(), c.fault) || !strings.Contains(err.Error(), c.tries)) {
			t.Errorf("%v: %v, file %v", c.words, err, missing)
		}
	}
	if _, _, err := d.at("report", "--period=2026-10", "-o", there); err == nil || !strings.Contains(err.Error(), "is there already. Try: ") {
		t.Error(err)
	}
	if data, err := os.ReadFile(there); err != nil || string(data) != "x" {
		t.Errorf("%q %v", data, err)
	}
}
