package organisation

import (
	"cmp"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

// checkTree checks that the units are one tree, and that a parent exists as
// long as its children do.
func (b *builder) checkTree() {
	root := -1
	for i, u := range b.o.Units {
		v := b.unitAt[i].get("parent")
		parent, known := b.units[u.Parent]
		switch {
		case u.Parent == "" && root < 0:
			root = i
		case u.Parent == "":
			b.Add(v.At, "ghi parent; chỉ một đơn vị (UBND tỉnh) không có cấp trên", "đơn vị «%s» không có cấp trên, mà «%s» đã là gốc", u.Code, b.o.Units[root].Code)
		case !known:
			b.Add(v.At, "thêm cấp trên vào mục units, hoặc sửa mã", "không có đơn vị cấp trên mang mã «%s»", yamlfile.Clip(u.Parent))
		default:
			if p := b.o.Units[parent]; p.From > u.From || p.Until != 0 && (u.Until == 0 || u.Until > p.Until) {
				b.Add(v.At, "sửa from và until của một trong hai", "cấp trên «%s» không tồn tại suốt thời gian của «%s»", p.Code, u.Code)
			}
		}
	}
	if root < 0 && len(b.o.Units) > 0 {
		b.Add(b.unitAt[0].at, "bỏ parent của UBND tỉnh", "không có đơn vị gốc")
	}
	b.checkCycles()
}

// checkCycles adds one fault for each circle of parents, at its first unit.
func (b *builder) checkCycles() {
	const unseen, open, done = 0, 1, 2
	state := make([]int, len(b.o.Units))
	for start := range b.o.Units {
		var path []int
		i := start
		for state[i] == unseen {
			state[i] = open
			path = append(path, i)
			parent, ok := b.units[b.o.Units[i].Parent]
			if !ok {
				break
			}
			i = parent
		}
		if at := slices.Index(path, i); at >= 0 && b.o.Units[path[len(path)-1]].Parent == b.o.Units[i].Code {
			first := slices.Min(path[at:])
			b.Add(b.unitAt[first].get("parent").At, "sửa parent của một đơn vị trong vòng", "đơn vị «%s» là cấp trên của chính nó (vòng %d đơn vị)", b.o.Units[first].Code, len(path)-at)
		}
		for _, j := range path {
			state[j] = done
		}
	}
}

// targetKey names what a target is for.
type targetKey struct {
	kind, unit string
	service    uint8
}

// checkTargets finds rows that say the same thing twice, and units' own targets
// below the province's for their kind, on any day on which they hold.
func (b *builder) checkTargets() {
	rows := make(map[targetKey][]int) // indices, by date
	for i, t := range b.o.Targets {
		k := targetKey{t.Kind, t.Unit, t.Service}
		rows[k] = append(rows[k], i)
	}
	for _, of := range rows {
		slices.SortStableFunc(of, func(x, y int) int { return cmp.Compare(b.o.Targets[x].From, b.o.Targets[y].From) })
		for n := 1; n < len(of); n++ {
			if b.o.Targets[of[n]].From == b.o.Targets[of[n-1]].From {
				b.Add(b.targetAt[of[n]].at, "bỏ một trong hai, hoặc đổi from", "mục tiêu này đã có ở dòng %d", b.targetAt[of[n-1]].at.Line)
			}
		}
	}
	for k, own := range rows {
		at, ok := b.units[k.unit]
		if k.unit == "" || !ok {
			continue
		}
		unit := b.o.Units[at]
		common := rows[targetKey{kind: unit.Kind, service: k.service}]
		for n, i := range own {
			until := unit.Until // 0: open
			if n+1 < len(own) {
				if next := b.o.Targets[own[n+1]].From; until == 0 || next < until {
					until = next
				}
			}
			b.checkOwn(i, max(b.o.Targets[i].From, unit.From), until, common)
		}
	}
}

// checkOwn compares a unit's own target, which holds from one day until another
// (0: for good), with each of the province's that holds meanwhile.
func (b *builder) checkOwn(i int, from, until int32, common []int) {
	own := b.o.Targets[i]
	for n, j := range common {
		theirs := b.o.Targets[j]
		ended := n+1 < len(common) && b.o.Targets[common[n+1]].From <= from
		if ended || until != 0 && theirs.From >= until || asked(own).Covers(asked(theirs)) {
			continue
		}
		since := survey.Day(max(from, theirs.From))
		b.Add(b.targetAt[i].get("percent").At, "đặt bằng hoặc cao hơn mục tiêu chung; nếu tỉnh nâng mục tiêu, thêm một dòng mới từ ngày đó",
			"mục tiêu riêng của «%s» (%s) thấp hơn mục tiêu chung của tỉnh (%s, dòng %d) từ ngày %s",
			own.Unit, asked(own), asked(theirs), b.targetAt[j].at.Line, since)
		return
	}
}

func asked(t fact.Target) survey.Target {
	return survey.Target{Hundredths: t.Hundredths, Operator: survey.Operator(t.Operator)}
}
