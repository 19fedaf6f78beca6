package page

import (
	"bufio"
	"encoding/json"
	"errors"
	"html/template"
	"net/url"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/index"
)

// deskPage is the data of the views staff/desk and staff/figures.
type deskPage struct {
	frame
	Code, Name, Unit, UnitLink, Service, Date string
	Day                                       string // as the stream says it
	LiveURL, PartURL                          string
	Number, WalkIns                           string
	Kiosks                                    []index.Kiosk
	Hours                                     []row
	HourChart                                 chart
	figures
}

// figures is the part of a desk page that is fetched anew when rates move.
type figures struct {
	Version           string
	Today, Month      judged
	TodayDays         string // where more days than today are in it
	MonthDays         string
	Waiting           string
	HasFaces          bool
	Faces             []survey.Score
	MoreFaces         string
	Scores            []scoreRow
	Blocks            []row
	DayChart          chart
	Participation     string
	Dossiers, Rated   string
	Changed, MonthWIs string
	ScaleFrom         string
}

// row is a line of the table behind a chart.
type row struct{ Label, Value, Answers, Interval, Target string }

// scoreRow is a step of the scale with its share of the answers.
type scoreRow struct {
	Score        survey.Score
	Text         string
	Today, Month string
	Share        string
	Width        float64 // hundredths of the longest bar
}

// chart is what the script needs to draw one.
type chart struct {
	Kind        string     `json:"kind"`
	Description string     `json:"description"`
	Labels      []string   `json:"labels"`
	Series      []series   `json:"series"`
	Notes       []string   `json:"notes,omitempty"` // by label, for the tooltip
	Low         []*float64 `json:"low,omitempty"`
	High        []*float64 `json:"high,omitempty"`
	From        float64    `json:"from"`
}

type series struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

// JSON is the chart for a block of data; html/template escapes it.
func (c chart) JSON() (template.JS, error) {
	b, err := json.Marshal(c) // escapes <, > and &, so no end tag can stand in it
	return template.JS(b), err
}

func (d Deps) showDesk(c *fiber.Ctx) error {
	code := httpx.Param(c, "code")
	data, err := d.Index.Desk(c.UserContext(), code, d.Index.Today())
	if err != nil {
		return err
	}
	p := newDeskPage(c, &data)
	if c.Query("part") == "figures" {
		return d.Views.SendPart(c, fiber.StatusOK, "staff/desk", "figures", p)
	}
	return d.Views.Send(c, fiber.StatusOK, "staff/desk", p)
}

func newDeskPage(c *fiber.Ctx, d *index.Desk) deskPage {
	f := newFrame(c, "desk", "staff.desk.title")
	w := words{f.L}
	f.Sample, f.Charts = d.Sample, true
	path := "/desk/" + url.PathEscape(d.Code)
	p := deskPage{frame: f, Code: d.Code, Name: w.pick(d.Name, d.NameEN), Unit: w.unit(d.Unit),
		UnitLink: f.L.Link("/?unit=" + url.QueryEscape(d.Unit.Code)), Service: w.service(d.Service), Date: w.date(d.Day), Day: d.Day.String(),
		LiveURL: path + "/live", PartURL: f.L.Link(path + "?part=figures"),
		Number: w.Number(d.Number), WalkIns: w.Number(d.WalkIns), Kiosks: d.Kiosks, figures: w.figures(d)}
	p.Title = p.Name + " · " + p.Unit
	p.Hours, p.HourChart = w.hours(d)
	return p
}

// hours are the office hours, and any other with a ballot.
func (w words) hours(d *index.Desk) ([]row, chart) {
	c := chart{Kind: "hours", Description: w.T("staff.hours.describe", "Date", w.date(d.Day)),
		Series: []series{{Name: w.T("staff.ballots")}}}
	first, last := 7, 17
	for h, n := range d.Hours {
		if n > 0 {
			first, last = min(first, h), max(last, h)
		}
	}
	var rows []row
	c.From = float64(first)
	for h := first; h <= last; h++ {
		label := w.T("staff.hour", "Hour", strconv.Itoa(h))
		n := float64(d.Hours[h])
		c.Labels, c.Series[0].Values = append(c.Labels, label), append(c.Series[0].Values, &n)
		rows = append(rows, row{Label: label, Value: w.Number(d.Hours[h])})
	}
	return rows, c
}

func (w words) figures(d *index.Desk) figures {
	from := scale(d.Least, &d.Today, &d.Month)
	f := figures{Version: version(d), Today: w.judged(&d.Today, from), Month: w.judged(&d.Month, from),
		Waiting: w.Number(d.Today.Waiting), HasFaces: len(d.Faces) > 0, Faces: d.Faces,
		Participation: w.Ratio(d.Rated, d.Dossiers, 1), Dossiers: w.Number(d.Dossiers), Rated: w.Number(d.Rated),
		Changed: w.Number(d.Month.Changed), MonthWIs: w.Number(d.MonthWalkIns), ScaleFrom: w.Percent(from, 0)}
	if n := d.Today.Counts.Answers() - int64(len(d.Faces)); n > 0 && f.HasFaces {
		f.MoreFaces = w.Number(n)
	}
	if d.Today.Covered.Days() > 1 {
		f.TodayDays = w.days(d.Today.Covered)
	}
	if d.Month.Covered.Days() > 0 {
		f.MonthDays = w.days(d.Month.Covered)
	}
	f.Scores = w.scores(d)
	f.Blocks, f.DayChart = w.blocks(d)
	return f
}

func (w words) scores(d *index.Desk) []scoreRow {
	most := int64(1)
	for _, n := range d.Month.Counts {
		most = max(most, n)
	}
	var rows []scoreRow
	for i := len(d.Month.Counts) - 1; i >= 0; i-- {
		n := d.Month.Counts[i]
		rows = append(rows, scoreRow{Score: survey.Score(i + 1), Text: w.T("face." + strconv.Itoa(i+1)),
			Today: w.Number(d.Today.Counts[i]), Month: w.Number(n),
			Share: w.Ratio(n, d.Month.Counts.Answers(), 1), Width: float64(n) * 100 / float64(most)})
	}
	return rows
}

// blocks are the last days, newest first in the table, oldest first in the chart.
func (w words) blocks(d *index.Desk) ([]row, chart) {
	c := chart{Kind: "days", Description: w.T("staff.days.describe", "Desk", w.pick(d.Name, d.NameEN)),
		Series: []series{{Name: w.T("staff.rate")}, {Name: w.T("staff.target")}, {Name: w.T("staff.interval")}}, From: 100}
	rows := make([]row, len(d.Days))
	for i := range d.Days {
		j := &d.Days[i]
		n, label := j.Tally(), w.shortDays(j.Covered)
		rate, low, high := hundred(n.Rate()), hundred(j.Low), hundred(j.High)
		var target *float64
		if j.Target.Set() {
			t := float64(j.Target.Hundredths) / 100
			target = &t
			c.From = min(c.From, t)
		}
		c.From = min(c.From, *low)
		c.Labels = append(c.Labels, label)
		c.Low, c.High = append(c.Low, low), append(c.High, high)
		c.Series[0].Values, c.Series[1].Values = append(c.Series[0].Values, rate), append(c.Series[1].Values, target)
		v := w.judged(j, 0)
		rows[len(rows)-1-i] = row{Label: w.days(j.Covered), Value: v.Rate, Answers: v.Answers, Interval: v.Interval, Target: v.Target}
		c.Notes = append(c.Notes, w.T("staff.days.note", "Days", w.days(j.Covered), "Rate", v.Rate, "Answers", v.Answers,
			"Interval", v.Interval, "Target", v.Target))
	}
	c.From = float64(int(c.From/10) * 10)
	return rows, c
}

func hundred(share float64) *float64 {
	v := float64(int(share*1000+.5)) / 10
	return &v
}

// showLive streams what moves at a desk until the browser goes or the server
// stops.
func (d Deps) showLive(c *fiber.Ctx) error {
	code := httpx.Param(c, "code")
	if _, err := d.Index.Desk(c.UserContext(), code, d.Index.Today()); err != nil {
		return err // a page of the catalogue, not a stream that never says anything
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	if c.Method() == fiber.MethodHead {
		return nil // a stream would go out behind the head, and spoil the connection
	}
	c.Context().SetBodyStreamWriter(func(out *bufio.Writer) {
		// A page that loses its stream comes back after two seconds.
		if err := d.Hub.stream(out, code); err != nil && !errors.Is(err, errEnded) {
			d.Log.Debug("live desk page left", "desk", code, "error", err)
		}
	})
	return nil
}

var errEnded = errors.New("page: the hub ended")

func (h *Hub) stream(out *bufio.Writer, code string) error {
	r := h.join(code)
	if r == nil {
		return errEnded
	}
	defer h.leave(code, r)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	if _, err := out.WriteString("retry: 2000\n\n"); err != nil {
		return err
	}
	for {
		if err := out.Flush(); err != nil {
			return err
		}
		select {
		case e, open := <-r.events:
			if !open {
				return errEnded
			}
			if _, err := out.Write(e); err != nil {
				return err
			}
		case <-beat.C:
			if _, err := out.WriteString(": here\n\n"); err != nil {
				return err
			}
		}
	}
}

// desksPage is the data of the view staff/desks.
type desksPage struct {
	frame
	Desks []deskLine
}

type deskLine struct{ Name, Unit, Service, Link, Code string }

func (d Deps) showDesks(c *fiber.Ctx) error {
	desks, err := d.Index.Desks(c.UserContext())
	if err != nil {
		return err
	}
	p := desksPage{frame: newFrame(c, "desk", "staff.desks.title")}
	w := words{p.L}
	for _, k := range desks {
		p.Desks = append(p.Desks, deskLine{Name: w.pick(k.Name, k.NameEN), Unit: w.unit(k.Unit), Service: w.service(k.Service),
			Link: p.L.Link("/desk/" + url.PathEscape(k.Code)), Code: k.Code})
	}
	return d.Views.Send(c, fiber.StatusOK, "staff/desks", p)
}
