package kiosk

import (
	"maps"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// ratingRequest is the body of POST /api/v1/ratings: a tap, or all that was said
// in a sitting so far. Comment and contact are sent once: they hold.
type ratingRequest struct {
	Scan     string       `json:"scan"` // as the scanner sent it; "" is a walk-in
	Score    survey.Score `json:"score"`
	Session  string       `json:"session"`  // of POST /api/v1/scans or an earlier rating; "" begins a sitting
	Language string       `json:"language"` // as shown
	TookMS   uint32       `json:"took_ms"`  // from the faces to the tap

	Questionnaire uint16                  `json:"questionnaire"` // version that was shown; 0: the overall question alone
	Answers       map[string]survey.Score `json:"answers"`       // by the question's code
	Reasons       []string                `json:"reasons"`       // "+" or "-" and the reason's code
	Comment       *string                 `json:"comment"`       // absent: as before; "": taken back
	Contact       *contactRequest         `json:"contact"`       // absent: as before; empty: taken back
}

// contactRequest is how to reach someone who asked for it.
type contactRequest struct {
	Name    string `json:"name"`
	Contact string `json:"contact"`
	Consent string `json:"consent"` // the sentence that was agreed to, as shown
}

// maxConsent is the longest sentence of consent in bytes: that of a
// questionnaire is no longer.
const maxConsent = 400

// input puts the request into the words of the use case.
func (a *app) input(r *ratingRequest) (in capture.Input, err error) {
	in = capture.Input{
		Score: r.Score, Language: r.Language, Took: time.Duration(r.TookMS) * time.Millisecond,
		Questionnaire: r.Questionnaire, Reasons: r.Reasons, Comment: r.Comment,
	}
	for _, code := range slices.Sorted(maps.Keys(r.Answers)) {
		in.Answers = append(in.Answers, fact.Answer{Question: code, Score: uint8(r.Answers[code])})
	}
	if c := r.Contact; c != nil {
		if len(c.Consent) > maxConsent {
			return in, survey.New(survey.CodeBadField, "consent")
		}
		consent, _ := capture.Clean(c.Consent, maxConsent)
		in.Contact = &capture.Contact{Name: c.Name, Contact: c.Contact, Consent: consent}
	}
	if in.Subject, err = a.subject(r.Scan); err != nil {
		return in, err
	}
	if r.Session != "" {
		in.Session, err = capture.ParseSession(r.Session)
	}
	return in, err
}

// apiRate records a rating, and answers 201 once it is on the disk. Its answer is
// written by hand: every citizen waits for this one.
func (a *app) apiRate(c *fiber.Ctx) error {
	var r ratingRequest
	if err := httpx.JSON(c, &r); err != nil {
		return err
	}
	in, err := a.input(&r)
	if err != nil {
		return err
	}
	done, err := a.capture.Rate(c.UserContext(), in)
	if err != nil {
		return err
	}
	b := make([]byte, 0, 128)
	b = append(b, `{"recorded":true,"binding":"`...)
	b = append(b, in.Subject.Binding.String()...)
	b = append(b, `","session":"`...)
	b = append(b, done.Session.String()...)
	b = append(b, '"')
	b = append(b, `,"proof":"`...)
	b = append(b, done.Proof.String()...)
	b = append(b, '"')
	if done.Cut {
		b = append(b, `,"cut":true`...)
	}
	b = append(b, "}\n"...)
	c.Status(fiber.StatusCreated)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	return c.Send(b)
}

// withdrawalRequest is the body of POST /api/v1/withdrawals.
type withdrawalRequest struct {
	Scan    string `json:"scan"`    // as in the rating
	Session string `json:"session"` // that it was given in
}

// withdrawalAnswer says that the withdrawal is on the disk.
type withdrawalAnswer struct {
	Withdrawn bool `json:"withdrawn"`
}

// apiWithdraw takes back what was tapped in a sitting moments ago.
func (a *app) apiWithdraw(c *fiber.Ctx) error {
	var r withdrawalRequest
	if err := httpx.JSON(c, &r); err != nil {
		return err
	}
	subject, err := a.subject(r.Scan)
	if err != nil {
		return err
	}
	session, err := capture.ParseSession(r.Session)
	if err != nil {
		return err
	}
	if err := a.capture.Withdraw(c.UserContext(), subject, session); err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusCreated, withdrawalAnswer{Withdrawn: true})
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

// proofRequest is the body of POST /api/v1/proofs.
type proofRequest struct {
	Proof string `json:"proof"` // as a rating's answer had it
}

// proofAnswer is a proof code as a screen shows it.
type proofAnswer struct {
	Code string `json:"code"` // in groups, to be read
	QR   string `json:"qr"`   // SVG
}

// apiProof draws a proof code. Nothing of it is kept.
func (a *app) apiProof(c *fiber.Ctx) error {
	var r proofRequest
	if err := httpx.JSON(c, &r); err != nil {
		return err
	}
	code, err := receipt.ParseProof(r.Proof)
	if err != nil {
		return err
	}
	qr, err := receipt.NewQR(receipt.ProofURL(a.Config().PublicURL, code))
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, proofAnswer{Code: code.Grouped(), QR: string(qr.SVG())})
}
