// Package page serves the staff pages: the province page, the desk pages with
// their live updates, and the operators' page. They are rendered here and read
// well without scripts; scripts draw the charts and move the numbers.
package page

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/index"
)

// Index is what the pages ask; *index.Index is one. Its errors are survey
// errors where the question was wrong.
type Index interface {
	Today() survey.Day
	Query(context.Context, index.Query) (index.Answer, error)
	Desk(ctx context.Context, code string, today survey.Day) (index.Desk, error)
	DeskWhole(ctx context.Context, code string, today survey.Day) (index.Whole, error)
	DeskKiosks(ctx context.Context, code string) ([]index.Kiosk, survey.Hours, error)
	Desks(context.Context) ([]index.Place, error)
	Units(context.Context) ([]index.Unit, error)
	Status(context.Context) (index.Status, error)
	provinceIndex
}

// Deps are what the pages need; System and what follows it may be nil.
type Deps struct {
	Index Index
	Views *httpx.Views
	Hub   *Hub
	Log   *slog.Logger
	// System gives further facts for the operators' page, such as the state of
	// the stream; nil: none.
	System func(context.Context) []Fact
	// Comment gives the words of a comment by their digest; false where this
	// server does not hold them. nil: none.
	Comment func(ctx context.Context, digest [32]byte) (string, bool, error)
	// Heard says when the kiosk of a public key last asked this server anything,
	// and since when the server listens; nil: not known.
	Heard func(public []byte) (last, since time.Time)
	Now   func() time.Time // nil: time.Now
	Map   *Map             // of the province; nil: no map
	// Checkpoint gives the last one of the log of the facts: the first digits of
	// its root ("": there is none yet) and when it was signed. nil: there is none.
	Checkpoint func(context.Context) (short string, at time.Time, err error)
}

// Fact is a line of the operators' page, in both languages. The value is short;
// the note is what to do about it, or "".
type Fact struct {
	Name, NameEN   string
	Value, ValueEN string
	Note, NoteEN   string
	Alarm          bool
}

// Register adds the pages to the app.
func Register(app fiber.Router, d Deps) {
	d.registerProvince(app)
	app.Get("/desk", d.showDesks)
	app.Get("/desk/:code", d.showDesk)
	app.Get("/desk/:code/live", d.showLive)
	app.Get("/status", d.showStatus)
}

// frame is what the frame of every staff page shows.
type frame struct {
	httpx.Frame
	Nav    string // which entry of the navigation is this page
	Sample bool   // the database holds sample data
	Charts bool   // the page has charts
}

func newFrame(c *fiber.Ctx, nav, titleKey string) frame {
	f := frame{Frame: httpx.NewFrame(c, ""), Nav: nav}
	f.Title = f.L.T(titleKey)
	return f
}

// words writes figures and names in the page's language.
type words struct{ locale.Choice }

// pick chooses the name of the language, the Vietnamese one where there is no
// other.
func (w words) pick(vi, en string) string {
	if w.Tag == "en" && en != "" {
		return en
	}
	return vi
}

func (w words) unit(u index.Unit) string { return w.pick(u.Name, u.NameEN) }
func (w words) kind(u index.Unit) string { return w.pick(u.KindName, u.KindNameEN) }

// date is a day as people write it.
func (w words) date(d survey.Day) string { return w.Date(d.Start()) }

// short is a day of this year or the last, without the year.
func (w words) short(d survey.Day) string {
	_, month, day := d.Date()
	if w.Tag == "en" {
		return strconv.Itoa(day) + " " + month.String()[:3]
	}
	return pad(day) + "/" + pad(int(month))
}

func pad(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// days is a period with its last day, as people say it: one day alone, or two.
func (w words) days(p survey.Period) string {
	if p.Days() == 1 {
		return w.date(p.From)
	}
	return w.date(p.From) + " – " + w.date(p.Last())
}

// brief is days without the year where both lie in one.
func (w words) brief(p survey.Period) string {
	from, _, _ := p.From.Date()
	until, _, _ := p.Last().Date()
	if from != until {
		return w.days(p)
	}
	return w.shortDays(p)
}

func (w words) shortDays(p survey.Period) string {
	if p.Days() <= 1 {
		return w.short(p.From)
	}
	return w.short(p.From) + "–" + w.short(p.Last())
}

// target is «trên 95%», «từ 95%» or «đạt 95%».
func (w words) target(t survey.Target) string {
	percent := w.Hundredths(t.Hundredths)
	switch t.Operator {
	case survey.OperatorAbove:
		return w.T("staff.target.above", "Percent", percent)
	case survey.OperatorAtLeast:
		return w.T("staff.target.atleast", "Percent", percent)
	case survey.OperatorExactly:
		return w.T("staff.target.exactly", "Percent", percent)
	}
	return w.T("staff.target.none")
}

func (w words) service(s survey.Service) string {
	if s == survey.ServicePublic {
		return w.T("staff.service.public")
	}
	return w.T("staff.service.administrative")
}

// verdict is a verdict as a badge shows it: colour, sign and words.
type verdict struct{ Class, Sign, Text string }

func (w words) verdict(v survey.Verdict) verdict {
	switch v {
	case survey.VerdictMet:
		return verdict{"met", "✓", w.T("staff.verdict.met")}
	case survey.VerdictNotMet:
		return verdict{"notmet", "✕", w.T("staff.verdict.notmet")}
	case survey.VerdictTooFew:
		return verdict{"toofew", "…", w.T("staff.verdict.toofew")}
	}
	return verdict{"none", "–", w.T("staff.verdict.none")}
}

// judged is a rate with its certainty, as text and as a bar.
type judged struct {
	Answers, Rate, Interval, Target string
	Ballots, StraddleText           string // in words
	Verdict                         verdict
	Straddles                       bool
	Bar                             bar
}

func (w words) judged(j *index.Judged, from float64) judged {
	n := j.Tally()
	v := judged{Answers: w.Number(n.Answers), Rate: w.Ratio(n.Satisfied, n.Answers, 1), Interval: "–",
		Target:  w.target(j.Target),
		Ballots: w.T("staff.answers", "Count", n.Answers), StraddleText: w.T("staff.straddles"), Verdict: w.verdict(j.Verdict), Straddles: j.Straddles && j.Verdict != survey.VerdictTooFew}
	if n.Answers > 0 {
		v.Interval = w.Percent(j.Low, 1) + " – " + w.Percent(j.High, 1)
		v.Bar = newBar(j, from)
	}
	return v
}

// bar is an interval drawn on a scale that begins at a rate and ends at 100%,
// in hundredths of its width.
type bar struct {
	Show, HasTarget      bool
	X, Width, Rate, Mark float64
	Beyond               bool // begins before the scale does
}

func newBar(j *index.Judged, from float64) bar {
	at := func(rate float64) float64 {
		x := (rate - from) / (1 - from) * 100
		x = min(100, max(0, x))
		return float64(int(x*100+.5)) / 100
	}
	b := bar{Show: true, X: at(j.Low), Rate: at(j.Tally().Rate()), Beyond: j.Low < from}
	b.Width = max(.8, at(j.High)-b.X)
	if j.Target.Set() {
		b.HasTarget, b.Mark = true, at(float64(j.Target.Hundredths)/10000)
	}
	return b
}

// scale chooses where the bars of some rates begin: a tenth below the lowest
// interval of those with enough answers, 80% at most and 0 at least.
func scale(least int64, js ...*index.Judged) float64 {
	from := .8
	for _, j := range js {
		if n := j.Tally(); n.Answers >= least {
			from = min(from, j.Low)
		}
	}
	return max(0, float64(int(from*10))/10)
}
