package index

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"testing"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// TestVoided: ratings that were declared void are shown by their number, of the
// period, the unit and the desk; those of walk-ins are their desk's unit's.
func TestVoided(t *testing.T) {
	f := deskFixture(t)
	const insertVoid = `INSERT INTO void_day (day, unit, service, desk, n) VALUES (?, ?, ?, ?, ?)`
	f.write(row(insertUnit, "B", 2, "Sở Xây dựng", "Construction", "so", "A", 0, 0),
		row(insertVoid, today, 1, 1, 5, 3), row(insertVoid, today, 0, 0, 5, 2), row(insertVoid, today, 1, 2, 0, 20),
		row(insertVoid, today-1, 1, 1, 5, 40), row(insertVoid, today-DeskDays, 1, 1, 5, 300), row(insertVoid, today, 2, 1, 0, 5000))
	of := func(p survey.Period, unit string, s survey.Service) int64 {
		a := f.query(Query{Period: p, Unit: unit, Service: s})
		n := int64(0)
		for _, r := range a.Rows {
			n += r.Voided
		}
		return n
	}
	two := survey.Period{From: today - 1, To: today + 1}
	for _, x := range []struct {
		name      string
		got, want int64
	}{
		{"of a day, all", of(today.Single(), "", 0), 5025},
		{"of a unit", of(today.Single(), "A", 0), 25},
		{"of a unit and kind of service", of(today.Single(), "A", survey.ServicePublic), 20},
		{"of two days", of(two, "A", survey.ServiceAdministrative), 45},
		{"of a desk", f.desk().Voided, 45},
	} {
		if x.got != x.want {
			t.Errorf("%s: %d, want %d", x.name, x.got, x.want)
		}
	}
	p, err := f.x.Province(context.Background(), ProvinceQuery{Query: Query{Period: today.Single(), Service: survey.ServiceAdministrative}, Before: (today - 1).Single()})
	if err != nil {
		t.Fatal(err)
	}
	if l := p.Lines[0]; l.Unit.Code != "A" || l.Voided != 5 || l.Under == nil || l.Under.Voided != 5000 {
		t.Errorf("in the tree: %+v", l)
	}
	v, err := f.x.Unit(context.Background(), ProvinceQuery{Query: Query{Period: two, Unit: "B"}, Before: two})
	if err != nil || v.Row.Voided != 5000 {
		t.Errorf("of a unit that has nothing else: %+v %v", v.Row, err)
	}
}

// TestCommentsThatAreKept: a comment is not shown once its words are erased, or
// are older than comments are kept; nor does an earlier one of its sitting come
// in its place.
func TestCommentsThatAreKept(t *testing.T) {
	f := deskFixture(t)
	n := survey.Counts{0, 0, 0, 0, 5}
	f.write(row(insertCell, 1, 1, 1, 5), row(insertSheet, 1, 0, sheet(t, 1)), cellDay(1, today, n), blockRow(1, today, today, kioskFigures(n)))
	digest := func(k int64) [32]byte { return sha256.Sum256([]byte{byte(k)}) }
	for k := range int64(5) {
		at, session := 9<<40|k*10+1, bytes.Repeat([]byte{byte(k)}, 16)
		x := fact.Rating{Session: session, Nonce: make([]byte, 16), Score: 5, Channel: 1, Reasons: []string{"+a"}}
		d, earlier := digest(k), digest(100+k)
		f.write(row(insertFact, at, factOf(t, fact.KindRating, &x)), row(insertSaid, 1, today, at, at), row(insertEntry, at, at),
			row(insertText, at+1, at, session, survey.PurposeComment, earlier[:]), row(insertEntry, at, at+1),
			row(insertText, at+2, at, session, survey.PurposeComment, d[:]), row(insertEntry, at, at+2))
	}
	shown := func() (all []int64) {
		w, err := f.x.DeskWhole(context.Background(), "D1", today)
		if err != nil {
			t.Fatal(err)
		}
		for k := range int64(200) {
			if slices.Contains(w.Comments, digest(k)) {
				all = append(all, k)
			}
		}
		return all
	}
	written := func(k int64, d survey.Day) statement {
		return row(`UPDATE text SET at = ? WHERE fact = ?`, d.Start().UnixMilli(), 9<<40|k*10+3)
	}
	if got := shown(); !slices.Equal(got, []int64{0, 1, 2, 3, 4}) {
		t.Fatalf("before anything: %v", got)
	}
	one := digest(1)
	f.write(row(`INSERT INTO erased (digest, fact, reason) VALUES (?, 1, 1)`, one[:]), written(2, today-365), written(3, today-366))
	if got := shown(); !slices.Equal(got, []int64{0, 2, 4}) {
		t.Errorf("one erased, one too old: %v", got)
	}
	f.write(row(insertSetting, survey.KeptComments.Setting, "30"), written(4, today-30), written(0, today-31))
	if got := shown(); !slices.Equal(got, []int64{4}) {
		t.Errorf("kept for 30 days: %v", got)
	}
}
