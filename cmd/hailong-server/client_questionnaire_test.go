package main

import (
	"os"
	"strings"
	"testing"
)

func TestQuestionnaireCommands(t *testing.T) {
	const example = "../../deploy/example/questionnaire.yaml"
	d := newDesk(t)
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	bad := d.file("bad.yaml", strings.Replace(string(text), "version: 1\n", "version: 0\n", 1)+"nonsense: 1\n")
	changed := d.file("changed.yaml", strings.Replace(string(text), "Đủ chỗ ngồi chờ", "Nhiều chỗ ngồi chờ", 1))
	if out, _, err := d.run("questionnaire", "check", example); err != nil || out != "no fault: version 1, 2 kinds of service\n" {
		t.Errorf("%q %v", out, err)
	}
	before := d.Facts()
	for _, words := range [][]string{{"questionnaire", "check", bad}, {"questionnaire", "load", bad}} {
		_, errors, err := d.run(words...)
		if err == nil || !strings.Contains(err.Error(), "Try: ") || strings.Count(errors, "bad.yaml:") != 2 {
			t.Errorf("%v: %q %v", words, errors, err)
		}
	}
	if d.Facts() != before {
		t.Error("a bad file was loaded")
	}
	for _, c := range []struct {
		words []string
		out   string
		fault string
	}{
		{[]string{example}, "recorded version 1\n", ""},
		{[]string{example}, "recorded version 1 before; nothing changed\n", ""},
		{[]string{example, "--from=2026-12-01"}, "recorded version 1\n", ""},
		{[]string{example, "--from=tomorrow"}, "", "There is no date “tomorrow”"},
		{[]string{changed}, "", "Try: give the file the next version number"},
		{[]string{"none.yaml"}, "", "Try: check that the file exists"},
	} {
		out, _, err := d.at(append([]string{"questionnaire", "load"}, c.words...)...)
		if out != c.out || (c.fault == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%v: %q %v", c.words, out, err)
		}
	}
}
