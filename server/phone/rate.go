package phone

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// RatePage asks the first question, which one tap answers.
type RatePage struct {
	httpx.Frame
	Path     string // of this receipt's page
	Question string
	About    string // what is known, as a sentence
	Until    string // last day for an answer, as written; "": not known
	Began    int64  // Unix milliseconds
	Session  string // the sitting that a tap begins
	Version  uint16 // of the questionnaire; 0: none is loaded
	Faces    []Face
}

// Face is one answer of the scale with its word.
type Face struct {
	Score int
	Word  string
}

// faces gives the scale of a questionnaire, or the usual one; the best first.
func faces(at httpx.Frame, q *survey.Questionnaire) (all []Face) {
	for score := 5; score >= 1; score-- {
		word := at.L.T("face." + strconv.Itoa(score))
		if q != nil {
			word = q.Scale[score-1].In(at.L.Tag)
		}
		all = append(all, Face{score, word})
	}
	return all
}

func (p *pages) showRate(c *fiber.Ctx) error {
	f, done, err := p.find(c, false)
	if err != nil || done {
		return err
	}
	q, err := p.Questionnaires.InForce(c.UserContext())
	if err != nil {
		return err
	}
	page := RatePage{
		Frame: httpx.NewFrame(c, ""), Path: address(f.id), Began: p.Now().UnixMilli(), Session: capture.NewSession().String(),
	}
	page.Title = page.L.T("phone.title")
	page.About, page.Until = f.about(page.Frame), f.until(page.Frame)
	page.Question, page.Faces = page.L.T("phone.question"), faces(page.Frame, nil)
	if sheet := q.For(f.known.Service); sheet != nil {
		page.Version, page.Faces = q.Version, faces(page.Frame, q)
		page.Question = sheet.Overall.In(page.L.Tag)
		if words := sheet.Steps[f.known.Step.String()]; words != nil {
			page.Question = words.In(page.L.Tag)
		}
	}
	return p.Views.Send(c, fiber.StatusOK, "phone/rate", page)
}

// saveRate records the tap at once, and asks whether there is more to say.
func (p *pages) saveRate(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "score", "began", "session", "version")
	if err != nil {
		return err
	}
	score, err := strconv.ParseUint(form["score"], 10, 8)
	if err != nil || !survey.Score(score).Valid() {
		return survey.New(survey.CodeBadScore)
	}
	var session capture.Session
	if form["session"] != "" {
		if session, err = capture.ParseSession(form["session"]); err != nil {
			return err
		}
	}
	var version uint64
	if form["version"] != "" {
		if version, err = strconv.ParseUint(form["version"], 10, 16); err != nil {
			return survey.New(survey.CodeBadField, "version")
		}
	}
	f, done, err := p.find(c, false)
	if err != nil || done {
		return err
	}
	language := httpx.Language(c)
	first := tap{score: survey.Score(score), version: uint16(version), took: p.took(form["began"]), at: p.Now()}
	recorded, err := p.Capture.Rate(c.UserContext(), capture.Input{
		Subject: capture.Receipt(f.id.Hash()), Session: session, Score: first.score, Language: language.Tag, Took: first.took,
		Questionnaire: first.version,
	})
	if err != nil {
		return err
	}
	// The page behind the redirect shows no answer: neither reload nor the back
	// button tells it to whoever looks over a shoulder. Its address carries the
	// answer sealed, so that what is said there can be recorded with it.
	first.session, first.proof = recorded.Session, recorded.Proof
	token, err := p.seal(f.id, first)
	if err != nil {
		return err
	}
	return c.Redirect(language.Link(address(f.id)+"/more?t="+token), fiber.StatusSeeOther)
}

// took is the time since the page was shown; 0 where the field can't be right.
func (p *pages) took(began string) time.Duration {
	ms, err := strconv.ParseInt(began, 10, 64)
	if err != nil {
		return 0
	}
	took := p.Now().Sub(time.UnixMilli(ms))
	if took < 0 || took > time.Hour {
		return 0
	}
	return took
}
