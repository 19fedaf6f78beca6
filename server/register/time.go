package register

import (
	"strings"
	"time"

	"hailong/internal/survey"
)

// layouts are the ways in which a moment may be written. Those without an
// offset are of Vietnam.
var layouts = []string{
	time.RFC3339Nano,
	"2/1/2006 15:04",
	"2/1/2006 15:04:05",
	"2006-01-02 15:04",
	"2006-01-02 15:04:05",
}

// days are the ways in which a day may be written.
var days = []string{"2006-01-02", "2/1/2006"}

// ParseTime reads a moment: RFC 3339 with its offset, or 23/11/2026 09:30, or
// 2026-11-23 09:30, of Vietnam. A date that does not exist, and anything else,
// is survey.CodeBadDate.
func ParseTime(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, survey.Zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, survey.New(survey.CodeBadDate, clip(s))
}

// ParseDue is ParseTime for a time limit, which may also be a day alone: it ends
// with that day.
func ParseDue(s string) (time.Time, error) {
	for _, layout := range days {
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(s), survey.Zone); err == nil {
			return t.AddDate(0, 0, 1).Add(-time.Second), nil
		}
	}
	return ParseTime(s)
}

// clip shortens what a stranger wrote for use in a sentence.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
