package page

import (
	"math"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/index"
)

// boardDays is the number of days, today among them, that a board shows.
const boardDays = 90

// boardPage is the data of the view staff/board: for a screen in a waiting room
// and for everybody. It says nothing of officers, and no comments.
type boardPage struct {
	frame
	Name, Days string
	Parts      []boardPart
	PartURL    string // the board's inside, fetched anew
	Updated    string
	Checkpoint string // the last one of the log of the facts, as a line; "": none
}

// boardPart is one kind of service.
type boardPart struct {
	Service          string // where the unit has two
	Shown, Enough    bool
	Rate             string
	Faces            []survey.Score // ten, as many of them satisfied as of ten people
	Plain, Interval  string         // in words
	Target           string
	Verdict          verdict
	HasTarget        bool
	Rated, Dossiers  string
	Participation    string
	HasParticipation bool
	Voided           string // ratings; empty: none
	Answers          string
	ReasonsMonth     string
	Good, Bad        []boardReason
	Times            times
	HasTimes         bool
}

type boardReason struct{ Text, Number string }

func (d Deps) showBoard(c *fiber.Ctx) error {
	if err := known(c, "part"); err != nil {
		return err
	}
	today := d.Index.Today()
	code := httpx.Param(c, "unit")
	days := survey.Period{From: today - boardDays + 1, To: today + 1}
	answer, err := d.Index.Query(c.UserContext(), index.Query{Period: days, Unit: code})
	if err != nil {
		return err
	}
	units, err := d.Index.Units(c.UserContext())
	if err != nil {
		return err
	}
	p := boardPage{frame: newFrame(c, "board", "board.title"), PartURL: "/board/" + url.PathEscape(code) + "?part=board"}
	w := words{p.L}
	p.Sample, p.Days, p.PartURL = answer.Sample, w.days(days), p.L.Link(p.PartURL)
	now := time.Now
	if d.Now != nil {
		now = d.Now
	}
	p.Updated = w.Moment(now())
	if d.Checkpoint != nil {
		short, at, err := d.Checkpoint(c.UserContext())
		if err != nil {
			return err
		}
		if short != "" {
			p.Checkpoint = w.T("board.checkpoint", "Short", short, "Moment", w.Moment(at))
		}
	}
	for _, u := range units {
		if u.Code == code {
			p.Name = w.unit(u)
		}
	}
	p.Title = p.Name
	last, _, closed, err := d.closedPeriod(c.UserContext(), survey.Period{From: today, To: today + 1})
	if err != nil {
		return err
	}
	for i := range answer.Rows {
		b := w.board(&answer.Rows[i])
		if closed {
			said, err := d.Index.PublishedSaid(c.UserContext(), code, "", answer.Rows[i].Service, last)
			if err != nil {
				return err
			}
			b.ReasonsMonth, b.Good, b.Bad = w.monthOf(last.From), w.reasons(&said.Said, said.Good), w.reasons(&said.Said, said.Bad)
		}
		if len(answer.Rows) > 1 {
			b.Service = w.service(answer.Rows[i].Service)
		}
		p.Parts = append(p.Parts, b)
	}
	if c.Query("part") == "board" {
		return d.Views.SendPart(c, fiber.StatusOK, "staff/board", "board", p)
	}
	return d.Views.Send(c, fiber.StatusOK, "staff/board", p)
}

// board says an index in words that need no statistics.
func (w words) board(r *index.Row) boardPart {
	n := r.Tally()
	b := boardPart{Shown: n.Answers > 0, Rate: w.Ratio(n.Satisfied, n.Answers, 1),
		Answers: w.Number(n.Answers), Target: w.target(r.Target), HasTarget: r.Target.Set(), Verdict: w.verdict(r.Verdict),
		Rated: w.Number(r.Rated), Dossiers: w.Number(r.Dossiers), Participation: w.Ratio(r.Rated, r.Dossiers, 0), HasParticipation: r.Dossiers > 0,
		Times: w.times(r.Times, r.NoDue, r.Asked), HasTimes: r.Times.All() > 0, Voided: w.voided(r.Voided)}
	if !b.Shown {
		return b
	}
	of := int64(math.Round(100 * n.Rate()))
	b.Plain = w.T("board.plain", "Of", w.Number(of))
	// Rounded outwards, so that the words never promise more than the interval.
	b.Interval = w.T("board.interval", "Low", w.Number(int64(math.Floor(100*r.Low))), "High", w.Number(int64(math.Ceil(100*r.High))))
	return b
}

// mostOnBoard is how many reasons of a sort a board names.
const mostOnBoard = 3

func (w words) reasons(s *index.Said, ticks []index.Tick) (all []boardReason) {
	for _, t := range w.ticks(s, ticks[:min(len(ticks), mostOnBoard)]) {
		all = append(all, boardReason{t.Text, t.Number})
	}
	return all
}
