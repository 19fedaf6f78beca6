package page

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/server/index"
)

// statusPage is the data of the view staff/status.
type statusPage struct {
	frame
	Facts       []item
	Origins     []originLine
	Forks, Gaps []asideLine
	Quarantine  []quarantineLine
	Quarantined string
	Open        string
}

// item is a name and a value in the page's language.
type item struct {
	Name, Value string
	Note        string // "": nothing to do about it
	Alarm       bool
}

type originLine struct {
	Name, ID, Role, Head, Applied, Seen string
	Waits                               bool
	Revoked                             string // what became of it, where its key was revoked; "": it was not
}

type asideLine struct{ Name, ID, Numbers, Facts string }

type quarantineLine struct{ Name, ID, Number, Reason string }

func (d Deps) showStatus(c *fiber.Ctx) error {
	s, err := d.Index.Status(c.UserContext())
	if err != nil {
		return err
	}
	p := statusPage{frame: newFrame(c, "status", "staff.status.title"), Open: strconv.Itoa(d.Hub.Open())}
	p.Sample = s.Sample
	w := words{p.L}
	p.facts(w, &s)
	if d.System != nil {
		for _, f := range d.System(c.UserContext()) {
			p.Facts = append(p.Facts, item{w.pick(f.Name, f.NameEN), w.pick(f.Value, f.ValueEN), w.pick(f.Note, f.NoteEN), f.Alarm})
		}
	}
	for _, o := range s.Origins {
		l := originLine{Name: o.Name, ID: o.ID, Role: w.T("staff.role.unknown"), Head: w.Number(int64(o.Head)),
			Applied: w.Number(int64(o.Applied)), Seen: "–", Waits: o.Waits()}
		if o.Revoked {
			l.Revoked = w.T("staff.status.revoked", "Count", int64(o.Beyond()), "Number", w.Number(int64(o.Beyond())))
		}
		switch o.Role {
		case fact.RoleKiosk:
			l.Role = w.T("staff.role.kiosk")
		case fact.RoleServer:
			l.Role = w.T("staff.role.server")
		}
		if !o.Seen.IsZero() {
			l.Seen = w.Moment(o.Seen)
		}
		p.Origins = append(p.Origins, l)
	}
	p.Forks, p.Gaps = w.asides(s.Forks), w.asides(s.Gaps)
	for _, q := range s.Quarantine {
		p.Quarantine = append(p.Quarantine, quarantineLine{q.Name, q.Origin, w.Number(int64(q.Number)), q.Reason})
	}
	p.Quarantined = w.Number(s.Quarantined)
	return d.Views.Send(c, fiber.StatusOK, "staff/status", p)
}

func (p *statusPage) facts(w words, s *index.Status) {
	waiting := 0
	for _, o := range s.Origins {
		if o.Waits() {
			waiting++
		}
	}
	stream := "–"
	if s.Sequence > 0 {
		stream = w.Number(int64(s.Sequence))
	}
	p.Facts = []item{
		{w.T("staff.status.origins"), w.Number(int64(len(s.Origins))), "", false},
		{w.T("staff.status.unadmitted"), w.Number(int64(waiting)), "", waiting > 0},
		{w.T("staff.status.forks"), w.Number(int64(len(s.Forks))), "", len(s.Forks) > 0},
		{w.T("staff.status.gaps"), w.Number(int64(len(s.Gaps))), "", len(s.Gaps) > 0},
		{w.T("staff.status.quarantine"), w.Number(s.Quarantined), "", s.Quarantined > 0},
		{w.T("staff.status.waiting"), w.Number(s.Waiting), "", false},
		{w.T("staff.status.undated"), w.Number(s.Undated), "", s.Undated > 0},
		{w.T("staff.status.held"), w.Number(s.Held), "", false},
		{w.T("staff.status.cursor"), stream, "", false},
		{w.T("staff.status.pages"), p.Open, "", false},
	}
}

func (w words) asides(as []index.Aside) []asideLine {
	var lines []asideLine
	for _, a := range as {
		l := asideLine{Name: a.Name, ID: a.Origin, Numbers: w.Number(int64(a.From)), Facts: w.Number(a.Facts)}
		if a.To > a.From {
			l.Numbers += " – " + w.Number(int64(a.To))
		}
		lines = append(lines, l)
	}
	return lines
}
