package page

import (
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/index"
)

// deskPage is the data of the view staff/desk.
type deskPage struct {
	frame
	Code, Name, Unit, UnitLink, Service, Date string
	Day                                       string // as the stream says it
	LiveURL, PartURL, KiosksURL               string
	Number, WalkIns                           string
	Kiosks                                    []kioskLine
	Hours                                     []row
	HourChart                                 chart
	Week                                      weekTable
	WeekChart                                 chart
	figures
}

func (d Deps) showDesk(c *fiber.Ctx) error {
	code, part := httpx.Param(c, "code"), c.Query("part")
	switch part {
	case "", "figures":
	case "kiosks":
		return d.showKiosks(c, code)
	default:
		return survey.New(survey.CodeBadField, "part")
	}
	data, err := d.Index.DeskWhole(c.UserContext(), code, d.Index.Today())
	if err != nil {
		return err
	}
	if !access.ScopeOf(c).Texts() {
		data.Comments = nil
	}
	voices, err := d.voices(c.UserContext(), data.Comments)
	if err != nil {
		return err
	}
	p := d.newDeskPage(c, &data, voices)
	if part == "figures" {
		return d.Views.SendPart(c, fiber.StatusOK, "staff/desk", "figures", p)
	}
	return d.Views.Send(c, fiber.StatusOK, "staff/desk", p)
}

func (d Deps) newDeskPage(c *fiber.Ctx, data *index.Whole, v []string) deskPage {
	f := newFrame(c, "desk", "staff.desk.title")
	w := words{f.L}
	f.Sample, f.Charts = data.Sample, true
	path := "/desk/" + url.PathEscape(data.Code)
	p := deskPage{frame: f, Code: data.Code, Name: w.pick(data.Name, data.NameEN), Unit: w.unit(data.Unit),
		Service: w.service(data.Service), Date: w.date(data.Day), Day: data.Day.String(),
		LiveURL: path + "/live", PartURL: f.L.Link(path + "?part=figures"), KiosksURL: f.L.Link(path + "?part=kiosks"),
		Number: w.Number(data.Number), WalkIns: w.Number(data.WalkIns), Kiosks: d.kiosks(w, data.Kiosks, data.Opening), figures: w.figures(data, v)}
	p.Title = p.Name + " · " + p.Unit
	scope := access.ScopeOf(c)
	if p.NoTexts = !scope.Texts(); scope.Unit(data.Unit.Code) {
		p.UnitLink = f.L.Link("/unit/" + url.PathEscape(data.Unit.Code))
	}
	p.Hours, p.HourChart = w.hours(&data.Desk)
	p.Week, p.WeekChart = w.week(data)
	return p
}

// hours are the office hours, and any other with a ballot.
func (w words) hours(d *index.Desk) ([]row, chart) {
	c := chart{ID: "hours", Kind: "hours", Description: w.T("staff.hours.describe", "Date", w.date(d.Day)),
		Series: []series{{Name: w.T("staff.ballots")}}}
	first, last := office(d.Hours)
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

// office gives the first and the last hour of the office hours and of any others
// with a ballot.
func office(days ...[24]int64) (first, last int) {
	first, last = 7, 16
	for _, hours := range days {
		for h, n := range hours {
			if n > 0 {
				first, last = min(first, h), max(last, h)
			}
		}
	}
	return first, last
}

// weekTable is the table behind the heat map; without days where there are no
// ballots.
type weekTable struct {
	Hours []string
	Days  []weekRow
}

type weekRow struct {
	Name    string
	Numbers []string
}

// week is Monday to Friday, and the weekend where there are ballots.
func (w words) week(d *index.Whole) (weekTable, chart) {
	c := chart{ID: "week", Kind: "week", Description: w.T("desk.week.describe", "Desk", w.pick(d.Name, d.NameEN)), Series: []series{{Name: w.T("staff.ballots")}}}
	var t weekTable
	if d.Week == [7][24]int64{} {
		return t, c
	}
	first, last := office(d.Week[:]...)
	for h := first; h <= last; h++ {
		label := w.T("staff.hour", "Hour", strconv.Itoa(h))
		c.Labels, t.Hours = append(c.Labels, label), append(t.Hours, label)
	}
	for day, hours := range d.Week {
		if day > 4 && hours == [24]int64{} {
			continue
		}
		r := weekRow{Name: w.T("desk.weekday." + strconv.Itoa(day+1))}
		for h := first; h <= last; h++ {
			c.Points = append(c.Points, [3]int64{int64(h - first), int64(len(t.Days)), hours[h]})
			r.Numbers = append(r.Numbers, w.Number(hours[h]))
		}
		t.Days, c.Rows = append(t.Days, r), append(c.Rows, r.Name)
	}
	return t, c
}

// desksPage is the data of the view staff/desks.
type desksPage struct {
	frame
	Desks []deskLine
}

type deskLine struct{ Name, Unit, Service, Link, Code string }

func (d Deps) showDesks(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	desks, err := d.Index.Desks(c.UserContext())
	if err != nil {
		return err
	}
	p := desksPage{frame: newFrame(c, "desk", "staff.desks.title")}
	w, scope := words{p.L}, access.ScopeOf(c)
	for _, k := range desks {
		if !scope.Desk(k.Code) {
			continue
		}
		p.Desks = append(p.Desks, deskLine{Name: w.pick(k.Name, k.NameEN), Unit: w.unit(k.Unit), Service: w.service(k.Service),
			Link: p.L.Link("/desk/" + url.PathEscape(k.Code)), Code: k.Code})
	}
	return d.Views.Send(c, fiber.StatusOK, "staff/desks", p)
}
