package kiosk

import (
	"context"
	"time"

	"hailong/internal/httpx"
	"hailong/internal/locale"
)

// StatusPage is what staff see of the device.
type StatusPage struct {
	httpx.Frame
	Fine     bool // nothing below asks for attention
	Rows     []StatusRow
	Ticket   string // lets the form for a test scan in
	Scanned  string // what a test scan was; "": there was none
	Readable bool   // it was a code
	MayEnrol bool   // staff may have the device let in from here
}

// StatusRow is one line of it.
type StatusRow struct {
	Label, Value string
	Try          string // what to do about it; "": all is well
}

// statusAnswer is the same for a program: times are RFC 3339, "" where unknown.
type statusAnswer struct {
	Kiosk         string `json:"kiosk"`
	Desk          string `json:"desk"`
	Origin        string `json:"origin"`
	Version       string `json:"version"`
	Admitted      bool   `json:"admitted"`
	Backlog       int64  `json:"backlog"`
	WordsUnsent   int64  `json:"words_unsent"`
	OldestUnsent  string `json:"oldest_unsent"`
	LastContact   string `json:"last_contact"`
	ClockOffsetMS *int64 `json:"clock_offset_ms"`
	StorageError  string `json:"storage_error"`
	Facts         int64  `json:"facts"`
	Bytes         int64  `json:"bytes"`
	Questionnaire uint16 `json:"questionnaire"` // version in force; 0: none
	Hours         string `json:"opening_hours"` // "": always open
	Asleep        bool   `json:"asleep"`
	Fingerprint   string `json:"fingerprint"` // SHA-256 of the device's key, in fours
	Enrolled      bool   `json:"enrolled"`    // a server gave it a credential
	Server        string `json:"server"`      // that asks for one; "": none is known
}

const (
	// longSilence without a server, and longest wait of a fact, that are normal.
	longSilence = 10 * time.Minute
	// clockDrift is how far a clock may be off before staff are told. Times of
	// ratings are corrected all the same.
	clockDrift = 2 * time.Minute
)

// status is Status with what this app itself saw fail.
func (a *app) status(ctx context.Context) (Status, error) {
	s, err := a.Status(ctx)
	if err != nil {
		return s, err
	}
	// What capture saw fail may be newer than what the outbox tells of itself.
	if t, ok := a.capture.Trouble(); ok && s.StorageError == "" {
		s.StorageError, s.StorageFailed = t.Err.Error(), t.At
	}
	return s, nil
}

func (a *app) answer(s Status) statusAnswer {
	config := a.Config()
	r := statusAnswer{
		Kiosk: s.Kiosk, Desk: config.Desk, Origin: s.Origin, Version: a.Version, Admitted: s.Admitted, Backlog: s.Backlog,
		OldestUnsent: stamp(s.OldestUnsent), LastContact: stamp(s.LastContact),
		StorageError: s.StorageError, Facts: s.Facts, Bytes: s.Bytes,
		WordsUnsent: s.WordsUnsent, Questionnaire: version(config), Hours: config.Hours.String(), Asleep: a.asleep(config),
		Fingerprint: s.Fingerprint, Enrolled: s.Enrolled, Server: s.Server,
	}
	if s.ClockKnown {
		ms := s.ClockOffset.Milliseconds()
		r.ClockOffsetMS = &ms
	}
	return r
}

// version of the questionnaire that is asked; 0: the overall question alone.
func version(c Config) uint16 {
	if c.Sheet.For(c.Service) == nil {
		return 0
	}
	return c.Sheet.Version
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// rows puts the status into words, what asks for attention first in mind.
func (a *app) rows(l *locale.Language, s Status) []StatusRow {
	config, now := a.Config(), a.Now()
	when := func(t time.Time) string {
		if t.IsZero() {
			return l.T("status.never")
		}
		return l.Moment(t)
	}
	warn := func(bad bool, key string) string {
		if bad {
			return l.T(key)
		}
		return ""
	}
	at := place(l, config)
	desk := l.T("status.desk.unknown")
	if config.Desk != "" {
		desk = at.Desk + " · " + at.Unit + " (" + config.Desk + ")"
	}
	storage := l.T("status.storage.fine")
	if s.StorageError != "" {
		storage = when(s.StorageFailed) + ": " + s.StorageError
	}
	sheet := l.T("status.sheet.none")
	if v := version(config); v > 0 {
		sheet = l.T("status.sheet.version", "Version", l.Number(int64(v)))
	}
	clock := l.T("status.clock.unknown")
	if s.ClockKnown {
		clock = l.T("status.clock.offset", "Seconds", l.Decimal(s.ClockOffset.Seconds(), 1))
	}
	enrolled := l.T("status.no")
	if s.Enrolled {
		enrolled = s.Server
	}
	oldest := l.T("status.none")
	if s.Backlog > 0 {
		oldest = when(s.OldestUnsent)
	}
	return []StatusRow{
		{l.T("status.storage"), storage, warn(s.StorageError != "", "status.storage.try")},
		{l.T("status.contact"), when(s.LastContact), warn(late(now, s.LastContact), "status.contact.try")},
		{l.T("status.backlog"), l.Number(s.Backlog), ""},
		{l.T("status.oldest"), oldest, ""},
		{l.T("status.words"), l.Number(s.WordsUnsent), ""},
		{l.T("status.desk"), desk, warn(config.Desk == "", "status.desk.try")},
		{l.T("status.enrolled"), enrolled, warn(!s.Enrolled, "status.enrolled.try")},
		{l.T("status.admitted"), map[bool]string{true: l.T("status.yes"), false: l.T("status.no")}[s.Admitted], warn(!s.Admitted, "status.admitted.try")},
		{l.T("status.clock"), clock, warn(s.ClockKnown && s.ClockOffset.Abs() > clockDrift, "status.clock.try")},
		{l.T("status.hours"), a.hours(l, config), ""},
		{l.T("status.sheet"), sheet, ""},
		{l.T("status.facts"), l.Number(s.Facts) + " · " + l.Decimal(float64(s.Bytes)/(1<<20), 1) + " MiB", ""},
		{l.T("status.kiosk"), s.Kiosk, ""},
		{l.T("status.fingerprint"), s.Fingerprint, ""},
		{l.T("status.origin"), s.Origin, ""},
		{l.T("status.version"), a.Version, ""},
	}
}

// hours says when the desk is open, and what that means for the screen now.
func (a *app) hours(l *locale.Language, c Config) string {
	text := c.Hours.String()
	if text == "" {
		return l.T("status.hours.always")
	}
	now := "status.hours.open"
	if _, known := a.ServerTime(); !known {
		now = "status.hours.unknown"
	} else if a.asleep(c) {
		now = "status.hours.closed"
	}
	return text + " (" + l.T(now) + ")"
}
