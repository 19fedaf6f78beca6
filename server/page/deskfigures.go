package page

import (
	"strconv"

	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/index"
)

// figures is the part of a desk page that is fetched anew when rates move.
type figures struct {
	Version                string
	Today, Month           judged
	TodayDays              string // where more days than today are in it
	MonthDays              string
	Waiting                string
	HasFaces, FacesToday   bool
	Faces                  []survey.Score
	FaceDays, MoreFaces    string
	Scores                 []scoreRow
	Days, Months           history
	Participation          string
	Dossiers, Rated        string
	AtKiosk, ByPhone       string
	PhoneShare             string
	Changed, MonthWIs      string
	Voided                 string // empty: none
	Said                   []said
	Worst                  *worst
	BadFirst               []tickRow // most often ticked as not good
	Voices, MoreVoices     []string
	VoicesAll, VoicesLater string // numbers of all, and of those beyond the page
	NoTexts                bool   // whoever looks may not read them
}

// scoreRow is a step of the scale with its share of the answers.
type scoreRow struct {
	Score        survey.Score
	Text         string
	Today, Month string
	Share        string
	Width        float64 // hundredths of the longest bar
}

func (w words) figures(d *index.Whole, voices []string) figures {
	from := scale(d.Least, &d.Today, &d.Month)
	month := d.Month.Tally().Answers
	f := figures{Version: version(&d.Desk), Today: w.judged(&d.Today, from), Month: w.judged(&d.Month, from),
		Waiting: w.Number(d.Today.Waiting), HasFaces: len(d.Faces) > 0, Faces: d.Faces,
		Participation: w.Ratio(d.Rated, d.Dossiers, 1), Dossiers: w.Number(d.Dossiers), Rated: w.Number(d.Rated),
		AtKiosk: w.Number(d.Month.Kiosk), ByPhone: w.Number(d.Month.Phone()), PhoneShare: w.Ratio(d.Month.Phone(), month, 1),
		Changed: w.Number(d.Month.Changed), MonthWIs: w.Number(d.MonthWalkIns), Voided: w.voided(d.Voided)}
	if f.HasFaces {
		last := d.Days[len(d.Days)-1]
		f.FacesToday, f.FaceDays = last.Covered.Last() == d.Day, w.days(last.Covered)
		if n := last.Counts.Answers() - int64(len(d.Faces)); n > 0 {
			f.MoreFaces = w.Number(n)
		}
	}
	if d.Today.Covered.Days() > 1 {
		f.TodayDays = w.days(d.Today.Covered)
	}
	if d.Month.Covered.Days() > 0 {
		f.MonthDays = w.days(d.Month.Covered)
	}
	f.Scores = w.scores(&d.Desk)
	desk := w.pick(d.Name, d.NameEN)
	f.Days = w.history(d.Days, w.shortDays)
	f.Days.Chart.ID, f.Days.Chart.Description = "days", w.T("staff.days.describe", "Desk", desk)
	f.Months = w.history(d.Months, w.month)
	f.Months.Chart.ID, f.Months.Chart.Description = "months", w.T("desk.months.describe", "Desk", desk)
	f.Said = w.said(d.Said)
	f.Worst, f.BadFirst = w.why(d.Said)
	f.put(w, voices, len(d.Comments))
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

// month is the month in which a block ends: 11/2026.
func (w words) month(p survey.Period) string {
	y, m, _ := p.Last().Date()
	if w.Tag == "en" {
		return m.String()[:3] + " " + strconv.Itoa(y)
	}
	return strconv.Itoa(int(m)) + "/" + strconv.Itoa(y)
}

// history is a rate over time with its interval and target: newest first in the
// table, oldest first in the chart.
type history struct {
	L     locale.Choice
	Chart chart
	Rows  []row
}

func (w words) history(js []index.Judged, label func(survey.Period) string) history {
	c := chart{Kind: "days", From: 100,
		Series: []series{{Name: w.T("staff.rate")}, {Name: w.T("staff.target")}, {Name: w.T("staff.interval")}}}
	rows := make([]row, len(js))
	for i := range js {
		j := &js[i]
		n, name := j.Tally(), label(j.Covered)
		rate, low, high := hundred(n.Rate()), hundred(j.Low), hundred(j.High)
		var target *float64
		if j.Target.Set() {
			t := float64(j.Target.Hundredths) / 100
			target = &t
			c.From = min(c.From, t)
		}
		c.From = min(c.From, *low)
		c.Labels = append(c.Labels, name)
		c.Low, c.High = append(c.Low, low), append(c.High, high)
		c.Series[0].Values, c.Series[1].Values = append(c.Series[0].Values, rate), append(c.Series[1].Values, target)
		v := w.judged(j, 0)
		rows[len(rows)-1-i] = row{Label: w.days(j.Covered), Value: v.Rate, Answers: v.Answers, Interval: v.Interval, Target: v.Target}
		c.Notes = append(c.Notes, w.T("staff.days.note", "Days", w.days(j.Covered), "Rate", v.Rate, "Answers", v.Answers,
			"Interval", v.Interval, "Target", v.Target))
	}
	c.From = float64(int(c.From/10) * 10)
	return history{w.Choice, c, rows}
}
