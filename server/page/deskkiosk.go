package page

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/survey"
	"hailong/server/index"
)

const (
	// silence is how long nothing may be heard of a kiosk while its desk is open:
	// it asks for its configuration once a minute.
	silence = 10 * time.Minute
	// drift is how wrong a kiosk's clock may be before it is told; ratings are
	// dated right whatever it says.
	drift = time.Minute
)

// kioskLine is how one kiosk is, as sign and words.
type kioskLine struct {
	Class, Sign, Name, Code, Text string
	Notes                         []string
}

// kiosksPart is the data of the template kiosks.
type kiosksPart struct {
	frame
	Kiosks []kioskLine
}

func (d Deps) showKiosks(c *fiber.Ctx, code string) error {
	all, opening, err := d.Index.DeskKiosks(c.UserContext(), code)
	if err != nil {
		return err
	}
	p := kiosksPart{frame: newFrame(c, "desk", "staff.desk.title")}
	p.Kiosks = d.kiosks(words{p.L}, all, opening)
	return d.Views.SendPart(c, fiber.StatusOK, "staff/desk", "kiosks", p)
}

func (d Deps) kiosks(w words, all []index.Kiosk, opening survey.Hours) []kioskLine {
	now := time.Now()
	if d.Now != nil {
		now = d.Now()
	}
	var lines []kioskLine
	for _, k := range all {
		heard, since := k.Seen, time.Time{}
		if d.Heard != nil {
			last, listening := d.Heard(k.Public)
			if since = listening; last.After(heard) {
				heard = last
			}
		}
		lines = append(lines, w.kiosk(k, heard, since, now, opening.Open(now)))
	}
	return lines
}

// kiosk says how one is: when it was heard of last by a server that listens
// since then.
func (w words) kiosk(k index.Kiosk, heard, since, now time.Time, open bool) kioskLine {
	l := kioskLine{Name: k.Name, Code: k.Code}
	quiet := heard // nobody was there to hear it before
	if since.After(quiet) {
		quiet = since
	}
	silent := now.Sub(quiet) > silence
	switch {
	case heard.IsZero():
		l.Class, l.Sign, l.Text = "none", "○", w.T("desk.kiosk.never")
	case !k.Admitted:
		l.Class, l.Sign, l.Text = "alarm", "▲", w.T("desk.kiosk.unadmitted")
	case silent && open:
		l.Class, l.Sign, l.Text = "alarm", "▲", w.T("desk.kiosk.silent", "Since", w.when(heard, now), "Ago", w.length(now.Sub(heard)))
	case silent:
		l.Class, l.Sign, l.Text = "none", "○", w.T("desk.kiosk.closed", "Since", w.when(heard, now))
	default:
		l.Class, l.Sign, l.Text = "fine", "●", w.T("desk.kiosk.fine", "Since", w.when(heard, now))
	}
	if k.Waiting > 0 {
		l.Notes = append(l.Notes, w.T("desk.kiosk.waiting", "Number", w.Number(int64(k.Waiting))))
	}
	if k.Missing {
		l.Notes = append(l.Notes, w.T("desk.kiosk.missing"))
	}
	if k.Ahead > drift {
		l.Notes = append(l.Notes, w.T("desk.kiosk.fast", "By", w.length(k.Ahead)))
	} else if k.Ahead < -drift {
		l.Notes = append(l.Notes, w.T("desk.kiosk.slow", "By", w.length(-k.Ahead)))
	}
	return l
}

// when is the time of day, with the day where that is not today.
func (w words) when(t, now time.Time) string {
	if survey.DayOf(t) == survey.DayOf(now) {
		return w.Clock(t)
	}
	return w.Moment(t)
}

// length is how long something lasts, in whole units as people say them.
func (w words) length(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return w.T("desk.minutes", "Count", int64(d/time.Minute))
	case d < 48*time.Hour:
		return w.T("desk.hours", "Count", int64(d/time.Hour))
	}
	return w.T("desk.days", "Count", int64(d/(24*time.Hour)))
}
