package kiosk

import (
	"cmp"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
)

// Steps of a sitting.
const (
	stepStart  = "start"
	stepFaces  = "faces"
	stepThanks = "thanks"
	// What is collected, why and for how long: not of a sitting.
	stepPrivacy = "privacy"
)

// ScreenPage is the screen: all its steps, one of them shown. With script it
// stays loaded and goes from step to step by itself; without, each step is a
// page of its own.
type ScreenPage struct {
	httpx.Frame
	Step     string
	Place    Place
	WalkIns  bool
	Problem  string // a sentence, or ""
	Mark     string // of the start form, good for once
	Token    string // of the sitting, in the step "faces"
	Faces    []Face
	Texts    map[string]map[string]string // by language and key, for the script
	Setup    Setup                        // for the script
	State    string                       // Setup.State
	NoScript string                       // where a page without script goes on by itself; "": nowhere
}

// Place is where the kiosk stands, in one language; where it has no name in that
// language, in Vietnamese, as the signs at the desk have it.
type Place struct{ Desk, Unit string }

// Face is one answer of the scale.
type Face struct {
	Score int
	Key   string // of its word
}

func place(l *locale.Language, c Config) Place {
	if l.Tag == "en" {
		return Place{cmp.Or(c.DeskEN, c.DeskName), cmp.Or(c.UnitEN, c.UnitName)}
	}
	return Place{c.DeskName, c.UnitName}
}

func (a *app) page(c *fiber.Ctx, step string) ScreenPage {
	config, offered := a.Config(), a.languages()
	httpx.Offer(c, tags(offered)...)
	p := ScreenPage{Frame: httpx.NewFrame(c, ""), Step: step, WalkIns: config.Desk != "", Texts: map[string]map[string]string{}}
	p.Title = p.L.T("kiosk.title")
	p.Place = place(p.L.Language, config)
	p.Mark = capture.NewSession().String()
	p.Setup = a.setup()
	p.State = p.Setup.State
	for i := range p.Switches {
		p.Switches[i].Link = locale.In("/", p.Switches[i].Tag)
	}
	for _, l := range offered.Languages() {
		texts := l.Texts("kiosk.", "face.", "recorded", "privacy.")
		texts["privacy.keep.words"] = l.T("privacy.keep.words", "Comment", days(l, config.KeepComments, survey.KeptComments), "Contact", days(l, config.KeepContacts, survey.KeptContacts))
		at := place(l, config)
		texts["place.desk"], texts["place.unit"] = at.Desk, at.Unit
		p.Texts[l.Tag] = texts
	}
	for score := 5; score >= 1; score-- {
		p.Faces = append(p.Faces, Face{score, "face." + strconv.Itoa(score)})
	}
	return p
}

// days is for how long words are kept, as a server told, or as usual.
func days(l *locale.Language, told int, usual survey.Retention) string {
	return l.Number(int64(cmp.Or(told, usual.Days)))
}

// showPrivacy is for pages without script: with it, the screen has this step.
func (a *app) showPrivacy(c *fiber.Ctx) error {
	p := a.page(c, stepPrivacy)
	p.NoScript = p.L.Link("/")
	return a.views.Send(c, fiber.StatusOK, "kiosk/screen", p)
}

func (a *app) showStart(c *fiber.Ctx) error {
	return a.views.Send(c, fiber.StatusOK, "kiosk/screen", a.page(c, stepStart))
}

// problem shows the start again, with an error's sentence.
func (a *app) problem(c *fiber.Ctx, err error) error {
	e := survey.ErrorOf(err)
	if e.Code == survey.CodeInternal {
		return err
	}
	p := a.page(c, stepStart)
	p.Problem = e.Message
	if p.L.Tag == "en" {
		p.Problem = e.MessageEN
	}
	p.Problem = cmp.Or(p.Texts[p.L.Tag]["kiosk.error."+string(e.Code)], p.Problem)
	return a.views.Send(c, e.Code.Status(), "kiosk/screen", p)
}

// saveScan begins a sitting for a page without script.
func (a *app) saveScan(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "mark", "scan", "walkin")
	if err != nil {
		return err
	}
	if !a.sittings.spend(form["mark"]) {
		return c.Redirect("/", fiber.StatusSeeOther)
	}
	if form["walkin"] == "" && form["scan"] == "" {
		return a.problem(c, survey.New(survey.CodeUnknownScan))
	}
	if form["walkin"] != "" {
		form["scan"] = ""
	}
	subject, err := a.begin(form["scan"])
	if err != nil {
		return a.problem(c, err)
	}
	p := a.page(c, stepFaces)
	p.Token = a.sittings.begin(subject)
	p.NoScript = p.L.Link("/")
	return a.views.Send(c, fiber.StatusOK, "kiosk/screen", p)
}

// saveRate records the tap on a page without script.
func (a *app) saveRate(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "token", "score")
	if err != nil {
		return err
	}
	score, err := strconv.ParseUint(form["score"], 10, 8)
	if err != nil || !survey.Score(score).Valid() {
		return a.problem(c, survey.New(survey.CodeBadScore))
	}
	s, ok := a.sittings.take(form["token"])
	if !ok {
		return a.problem(c, survey.New(survey.CodeStaleForm))
	}
	language := httpx.Language(c)
	if _, err := a.capture.Rate(c.UserContext(), capture.Input{
		Subject: s.subject, Session: s.session, Score: survey.Score(score), Language: language.Tag, Took: a.Now().Sub(s.shown),
	}); err != nil {
		return a.problem(c, err)
	}
	return c.Redirect(language.Link("/thanks"), fiber.StatusSeeOther)
}

func (a *app) showThanks(c *fiber.Ctx) error {
	p := a.page(c, stepThanks)
	p.NoScript = "/"
	return a.views.Send(c, fiber.StatusOK, "kiosk/screen", p)
}
