package index

import (
	"cmp"
	"slices"

	"hailong/internal/survey"
)

// deepest bounds the way up to the root, should parents ever form a circle.
const deepest = 32

// lineKey names a line of the tree.
type lineKey struct {
	unit    string
	service survey.Service
}

// tree orders the lines by kind of service, each unit before those below it, and
// sums up what is below. Of a query for one unit it gives that and those below.
func (o *organisation) tree(lines []Line, q Query, least int64) []Line {
	at := map[lineKey]int{}
	for i := range lines {
		at[lineKey{lines[i].Unit.Code, lines[i].Service}] = i
	}
	for i := range len(lines) {
		l := lines[i] // its own row: what is below it is told by the rows there
		for _, above := range o.above(l.Unit.Code) {
			key := lineKey{above.Code, l.Service}
			j, ok := at[key]
			if !ok {
				j = len(lines)
				at[key] = j
				lines = append(lines, Line{Row: Row{Unit: above.Unit, Service: l.Service, Judged: Judged{Block: Block{Covered: q.Period}}}})
			}
			if lines[j].Under == nil {
				lines[j].Under = &Under{}
			}
			lines[j].Under.add(&l)
		}
	}
	for i := range lines {
		l := &lines[i]
		l.Depth = len(o.above(l.Unit.Code))
		if u := l.Under; u != nil {
			u.Judged = judge(u.Block, dated{Target: u.Target}, least)
			u.Change = ChangeOf(u.Tally(), u.Before)
		}
	}
	below := map[lineKey][]int{}
	var roots []int
	for i := range lines {
		key := lineKey{lines[i].Unit.Parent, lines[i].Service}
		if _, ok := at[key]; ok && lines[i].Depth > 0 {
			below[key] = append(below[key], i)
		} else {
			roots = append(roots, i)
		}
	}
	ordered, seen := make([]Line, 0, len(lines)), make([]bool, len(lines))
	var walk func(of []int, within bool)
	walk = func(of []int, within bool) {
		slices.SortStableFunc(of, func(a, b int) int {
			x, y := &lines[a], &lines[b]
			return cmp.Or(cmp.Compare(x.Service, y.Service), cmp.Compare(o.kindPlace(x.Unit.Kind), o.kindPlace(y.Unit.Kind)), cmp.Compare(x.Unit.Code, y.Unit.Code))
		})
		for _, i := range of {
			if seen[i] {
				continue
			}
			seen[i] = true
			inside := within || q.Unit == "" || lines[i].Unit.Code == q.Unit
			if inside {
				ordered = append(ordered, lines[i])
			}
			walk(below[lineKey{lines[i].Unit.Code, lines[i].Service}], inside)
		}
	}
	walk(roots, false)
	for i := range lines { // parents in a circle, which no root leads to
		walk([]int{i}, false)
	}
	return ordered
}

// above gives the units above one, the nearest first.
func (o *organisation) above(code string) (all []*unit) {
	u := o.byCode[code]
	for u != nil && u.Parent != "" && len(all) < deepest {
		if u = o.byCode[u.Parent]; u != nil {
			if u.Code == code {
				break
			}
			all = append(all, u)
		}
	}
	return all
}

// kindPlace orders kinds as their first units come, by code.
func (o *organisation) kindPlace(kind string) int {
	if o.kinds == nil {
		o.kinds = map[string]int{}
		for i := range o.units {
			if _, ok := o.kinds[o.units[i].Kind]; !ok {
				o.kinds[o.units[i].Kind] = i
			}
		}
	}
	return o.kinds[kind]
}

func (u *Under) add(l *Line) {
	u.Units++
	u.Verdicts[l.Verdict]++
	u.Block = beside(u.Block, l.Block)
	u.Before.Answers += l.Before.Answers
	u.Before.Satisfied += l.Before.Satisfied
	u.Trend.plus(&l.Trend)
	u.Dossiers += l.Dossiers
	u.Rated += l.Rated
	u.Voided += l.Voided
	switch {
	case u.differs:
	case !u.targets:
		u.Target, u.targets = l.Target, true
	case u.Target != l.Target:
		u.Target, u.differs = survey.Target{}, true
	}
}
