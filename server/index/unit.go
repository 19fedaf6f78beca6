package index

import (
	"context"
	"database/sql"
	"errors"

	"hailong/internal/survey"
)

// TimelinessMonths is the number of months of timeliness that a unit's answer has.
const TimelinessMonths = 24

// UnitView is one unit's index for one kind of service, with its way through
// time.
type UnitView struct {
	Unit      Unit
	Service   survey.Service
	Services  []survey.Service // that the unit has anything of, in order
	Above     []Unit           // the units above it, the root first
	Sample    bool
	Least     int64
	Period    survey.Period
	Row       Row
	Before    survey.Tally // of the period before
	Change    Change
	Under     *Under                 // of units below it; nil: none
	Below     []Line                 // those, in the order of the tree
	Desks     []DeskPart             // by code
	Months    []MonthPart            // TrendMonths, the oldest first
	Days      []Judged               // as Desk.Days: the last DeskDays days up to the period's last, or today
	Returned  []TimesPart            // TimelinessMonths, the oldest first
	Indicator *survey.IndicatorRules // in force on the period's last day; nil: none known
}

// DeskPart is what one desk received of what the unit settles.
type DeskPart struct {
	Place
	Judged
}

// MonthPart is the blocks that end in a month, judged by its last day's target.
// Of its counts only the number of all and of the satisfied are told.
type MonthPart struct {
	Month survey.Period
	Judged
}

// TimesPart is the timeliness of the dossiers returned in a month.
type TimesPart struct {
	Month survey.Period
	survey.Timeliness
	NoDue int64
	Asked survey.TimelinessTarget
}

// Unit answers for one unit. Without a service it is the first of Services.
// Errors: those of Query, and CodeUnknownUnit for none.
func (x *Index) Unit(ctx context.Context, q ProvinceQuery) (UnitView, error) {
	if q.Unit == "" {
		return UnitView{}, survey.New(survey.CodeUnknownUnit, "")
	}
	want := q.Service
	q.Service = 0
	if err := errors.Join(q.check(), q.Before.Check()); err != nil {
		return UnitView{}, err
	}
	v := UnitView{Period: q.Period, Service: want, Indicator: survey.RulesOn(q.Period.Last())}
	err := x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		var p Province
		if err := p.read(ctx, tx, org, q, false); err != nil {
			return err
		}
		v.pick(&p, q.Unit)
		return v.read(ctx, tx, org, q.Unit, x.Today())
	})
	return v, err
}

// pick takes over what the province's answer says of the unit.
func (v *UnitView) pick(p *Province, unit string) {
	v.Sample, v.Least = p.Sample, p.Least
	for i := range p.Lines {
		if p.Lines[i].Unit.Code == unit {
			v.Services = append(v.Services, p.Lines[i].Service)
		}
	}
	if v.Service == 0 {
		v.Service = survey.ServiceAdministrative
		if len(v.Services) > 0 {
			v.Service = v.Services[0]
		}
	}
	for i := range p.Lines {
		switch l := &p.Lines[i]; {
		case l.Service != v.Service:
		case l.Unit.Code == unit:
			v.Row, v.Before, v.Change, v.Under = l.Row, l.Before, l.Change, l.Under
		default:
			v.Below = append(v.Below, *l)
		}
	}
}

func (v *UnitView) read(ctx context.Context, tx *sql.Tx, org *organisation, unit string, today survey.Day) error {
	u := org.byCode[unit]
	v.Unit = u.Unit
	for _, a := range org.above(u.Code) {
		v.Above = append([]Unit{a.Unit}, v.Above...)
	}
	o := scope{unit: u.id, service: v.Service}
	if err := v.readDesks(ctx, tx, org, u, o); err != nil {
		return err
	}
	last := min(v.Period.Last(), max(today, v.Period.From))
	if err := v.readMonths(ctx, tx, org, u, o, last); err != nil {
		return err
	}
	days, err := readEndings(ctx, tx, survey.Period{From: last - DeskDays + 1, To: last + 1}, o)
	if err != nil {
		return err
	}
	for _, b := range days {
		v.Days = append(v.Days, judge(b, org.targetsIn(u, v.Service, b.Covered.Last().Single())[0], v.Least))
	}
	return v.readReturned(ctx, tx, org, u, last)
}

func (v *UnitView) readDesks(ctx context.Context, tx *sql.Tx, org *organisation, u *unit, o scope) error {
	cells, err := readSums(ctx, tx, v.Period, o)
	if err != nil {
		return err
	}
	sums := map[int64]Block{}
	for c, b := range cells {
		if have, ok := sums[c.desk]; ok {
			b = beside(have, b)
		}
		sums[c.desk] = b
	}
	targets := org.targetsIn(u, v.Service, v.Period)
	target := targets[len(targets)-1]
	return each(ctx, tx, func(scan scanner) error {
		var d DeskPart
		var of string
		if err := scan(&d.Code, &d.id, &of, &d.Name, &d.NameEN, &d.Place.Service); err != nil {
			return err
		}
		b, ok := sums[d.id]
		if !ok && (of != u.Code || d.Place.Service != v.Service) {
			return nil
		}
		if !ok {
			b.Covered = v.Period
		}
		d.Unit.Code, d.Unit.Name = of, of
		if at := org.byCode[of]; at != nil {
			d.Unit = at.Unit
		}
		d.Judged = judge(b, target, v.Least)
		v.Desks = append(v.Desks, d)
		return nil
	}, `SELECT code, id, unit, name, name_en, service FROM desk ORDER BY code`)
}

func (v *UnitView) readMonths(ctx context.Context, tx *sql.Tx, org *organisation, u *unit, o scope, last survey.Day) error {
	cells, err := readTrends(ctx, tx, last, o)
	if err != nil {
		return err
	}
	var all Trend
	for _, t := range cells {
		all.plus(t)
	}
	m := monthsUpTo(last)
	for i, n := range all {
		p := survey.Period{From: m[i], To: m[i+1]}
		// Judge needs no more than who is satisfied.
		b := Block{Figures: Figures{Counts: survey.Counts{n.Answers - n.Satisfied, 0, 0, 0, n.Satisfied}}, Covered: p}
		v.Months = append(v.Months, MonthPart{p, judge(b, org.targetsIn(u, v.Service, p.Last().Single())[0], v.Least)})
	}
	return nil
}

func (v *UnitView) readReturned(ctx context.Context, tx *sql.Tx, org *organisation, u *unit, last survey.Day) error {
	end := last.Month().To
	begin := end
	for range TimelinessMonths {
		begin = (begin - 1).Month().From
	}
	found := map[survey.Day]TimesPart{}
	err := each(ctx, tx, func(scan scanner) error {
		var at survey.Day
		var t TimesPart
		err := scan(&at, &t.Early, &t.OnTime, &t.Late, &t.NoDue)
		found[at] = t
		return err
	}, `SELECT month, early, ontime, late, nodue FROM return_month WHERE unit = ? AND service = ? AND month >= ? AND month < ?`,
		u.id, v.Service, begin, end)
	if err != nil {
		return err
	}
	for d := begin; d < end; d = d.Month().To {
		t := found[d]
		t.Month = d.Month()
		t.Asked = org.times[u.Kind].On(t.Month.Last())
		v.Returned = append(v.Returned, t)
	}
	return nil
}

// readEndings gives the shown blocks of the cells that end in the period, those
// that end on one day together, by that day.
func readEndings(ctx context.Context, tx *sql.Tx, p survey.Period, o scope) ([]Block, error) {
	cells, err := readBlocks(ctx, tx, p, o)
	var all []Block
	for _, bs := range cells {
		for _, b := range bs {
			if p.Contains(b.Covered.Last()) {
				all = append(all, b)
			}
		}
	}
	return byEnd(all), err
}
