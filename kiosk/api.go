package kiosk

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// ratingRequest is the body of POST /api/v1/ratings.
type ratingRequest struct {
	Scan     string       `json:"scan"` // as the scanner sent it; "" is a walk-in
	Score    survey.Score `json:"score"`
	Session  string       `json:"session"`  // of POST /api/v1/scans or an earlier rating; "" begins a sitting
	Language string       `json:"language"` // as shown
	TookMS   uint32       `json:"took_ms"`  // from the faces to the tap
}

// apiRate records one tap, and answers 201 once it is on the disk. Its answer is
// written by hand: every citizen waits for this one.
func (a *app) apiRate(c *fiber.Ctx) error {
	var r ratingRequest
	if err := httpx.JSON(c, &r); err != nil {
		return err
	}
	in := capture.Input{Score: r.Score, Language: r.Language, Took: time.Duration(r.TookMS) * time.Millisecond}
	var err error
	if in.Subject, err = a.subject(r.Scan); err != nil {
		return err
	}
	if r.Session != "" {
		if in.Session, err = capture.ParseSession(r.Session); err != nil {
			return err
		}
	}
	done, err := a.capture.Rate(c.UserContext(), in)
	if err != nil {
		return err
	}
	b := make([]byte, 0, 96)
	b = append(b, `{"recorded":true,"binding":"`...)
	b = append(b, in.Subject.Binding.String()...)
	b = append(b, `","session":"`...)
	b = append(b, done.Session.String()...)
	b = append(b, "\"}\n"...)
	c.Status(fiber.StatusCreated)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	return c.Send(b)
}

// subject is what a scan is about; "" is someone without a receipt.
func (a *app) subject(scan string) (capture.Subject, error) {
	if scan == "" {
		return capture.WalkIn(), nil
	}
	return a.capture.Scan(scan)
}

// scanRequest is the body of POST /api/v1/scans; "" is a walk-in.
type scanRequest struct {
	Scan string `json:"scan"`
}

// scanAnswer begins a sitting. The kiosk itself keeps nothing of it.
type scanAnswer struct {
	Session string         `json:"session"`
	Binding survey.Binding `json:"binding"`
}

func (a *app) apiScan(c *fiber.Ctx) error {
	var r scanRequest
	if err := httpx.JSON(c, &r); err != nil {
		return err
	}
	subject, err := a.begin(r.Scan)
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, scanAnswer{Session: capture.NewSession().String(), Binding: subject.Binding})
}

// begin is subject, refusing early what could not be recorded in the end.
func (a *app) begin(scan string) (capture.Subject, error) {
	if scan == "" && a.Config().Desk == "" {
		return capture.Subject{}, survey.New(survey.CodeUnavailable)
	}
	return a.subject(scan)
}
