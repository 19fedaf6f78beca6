package kiosk

import (
	"context"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/locale"
)

// StatusPage is what staff see of the device.
type StatusPage struct {
	httpx.Frame
	Fine bool // nothing below asks for attention
	Rows []StatusRow
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
	OldestUnsent  string `json:"oldest_unsent"`
	LastContact   string `json:"last_contact"`
	ClockOffsetMS *int64 `json:"clock_offset_ms"`
	StorageError  string `json:"storage_error"`
	Facts         int64  `json:"facts"`
	Bytes         int64  `json:"bytes"`
}

const (
	// longSilence without a server, and longest wait of a fact, that are normal.
	longSilence = 10 * time.Minute
	// clockDrift is how far a clock may be off before staff are told. Times of
	// ratings are corrected all the same.
	clockDrift = 2 * time.Minute
)

func (a *app) showStatus(c *fiber.Ctx) error {
	s, err := a.status(c.UserContext())
	if err != nil {
		return err
	}
	if !strings.Contains(c.Get(fiber.HeaderAccept), "text/html") {
		return httpx.SendJSON(c, fiber.StatusOK, a.answer(s))
	}
	p := StatusPage{Frame: httpx.NewFrame(c, "")}
	p.Title = p.L.T("status.title")
	p.Rows = a.rows(p.L.Language, s)
	p.Fine = true
	for _, r := range p.Rows {
		p.Fine = p.Fine && r.Try == ""
	}
	return a.views.Send(c, fiber.StatusOK, "kiosk/status", p)
}

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
	r := statusAnswer{
		Kiosk: s.Kiosk, Desk: a.Config().Desk, Origin: s.Origin, Version: a.Version, Admitted: s.Admitted, Backlog: s.Backlog,
		OldestUnsent: stamp(s.OldestUnsent), LastContact: stamp(s.LastContact),
		StorageError: s.StorageError, Facts: s.Facts, Bytes: s.Bytes,
	}
	if s.ClockKnown {
		ms := s.ClockOffset.Milliseconds()
		r.ClockOffsetMS = &ms
	}
	return r
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
	clock := l.T("status.clock.unknown")
	if s.ClockKnown {
		clock = l.T("status.clock.offset", "Seconds", l.Decimal(s.ClockOffset.Seconds(), 1))
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
		{l.T("status.desk"), desk, warn(config.Desk == "", "status.desk.try")},
		{l.T("status.admitted"), map[bool]string{true: l.T("status.yes"), false: l.T("status.no")}[s.Admitted], warn(!s.Admitted, "status.admitted.try")},
		{l.T("status.clock"), clock, warn(s.ClockKnown && s.ClockOffset.Abs() > clockDrift, "status.clock.try")},
		{l.T("status.facts"), l.Number(s.Facts) + " · " + l.Decimal(float64(s.Bytes)/(1<<20), 1) + " MiB", ""},
		{l.T("status.kiosk"), s.Kiosk, ""},
		{l.T("status.origin"), s.Origin, ""},
		{l.T("status.version"), a.Version, ""},
	}
}
