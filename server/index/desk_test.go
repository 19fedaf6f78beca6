package index

import (
	"context"
	"slices"
	"testing"

	"hailong/internal/survey"
)

func deskFixture(t *testing.T) *fixture {
	f := newFixture(t)
	f.write(row(insertKind, "so", "Sở", "Department"),
		row(insertUnit, "A", 1, "Sở Nội vụ", "Home Affairs", "so", "", 0, 0),
		row(insertDesk, "D1", 5, "A", "Một cửa", "One-stop desk", 1),
		row(insertKiosk, "K1", "D1", "Máy 1"), row(insertTarget, "so", "", 1, 0, 1, 9500),
		row(insertDossier, 1, 1, today, 10, 7), row(insertDossier, 1, 1, today-30, 10, 7),
		row(insertHour, 5, today, 8, 4), row(insertHour, 5, today, 9, 5), row(insertHour, 5, today-1, 9, 50))
	return f
}

func (f *fixture) desk() Desk {
	f.t.Helper()
	d, err := f.x.Desk(context.Background(), "D1", today)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

// TestDeskHolds: the number moves with each ballot, rates and faces by five and
// more, in whole blocks.
func TestDeskHolds(t *testing.T) {
	f := deskFixture(t)
	f.write(row(insertCell, 1, 1, 1, 5), cellDay(1, today-2, survey.Counts{0, 0, 0, 0, 6}), cellDay(1, today-1, survey.Counts{1, 0, 0, 0, 1}),
		cellDay(1, today, survey.Counts{1, 0, 0, 1, 6}), row(insertWalkIn, 5, today, 0, 0, 1, 0, 0),
		blockRow(1, today-2, today-2, kioskFigures(survey.Counts{0, 0, 0, 0, 6})), blockRow(1, today-1, today, kioskFigures(survey.Counts{1, 0, 0, 1, 7})),
		row(insertHeld, 1, 1, today, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0))
	d := f.desk()
	if d.Number != 8 || d.WalkIns != 1 || d.Hours[8] != 4 || d.Hours[9] != 5 || d.Dossiers != 10 || d.Rated != 7 {
		t.Errorf("numbers: %+v", d)
	}
	if want := (survey.Counts{1, 0, 0, 1, 7}); d.Today.Counts != want || d.Today.Covered != (survey.Period{From: today - 1, To: today + 1}) {
		t.Errorf("today: %+v, want %v with yesterday's two", d.Today, want)
	}
	faces := slices.Clone(d.Faces)
	if !slices.Equal(faces, f.desk().Faces) {
		t.Error("a reload changed the order of the faces")
	}
	slices.Sort(faces)
	if !slices.Equal(faces, []survey.Score{1, 4, 5, 5, 5, 5, 5, 5, 5}) {
		t.Errorf("faces %v", faces)
	}
	if len(d.Days) != 2 || d.Month.Counts.Answers() != 15 || d.Month.Covered.From != today-2 || d.Month.Waiting != 1 {
		t.Errorf("month: %+v", d.Month)
	}
	if d.Today.Target.Hundredths != 9500 || d.Today.Verdict != survey.VerdictTooFew {
		t.Errorf("%+v", d.Today)
	}
	if _, err := f.x.Desk(context.Background(), "D9", today); survey.CodeOf(err) != survey.CodeUnknownDesk {
		t.Error(err)
	}
}

// TestDeskQuietDay: fewer than five ballots show a number and nothing else.
func TestDeskQuietDay(t *testing.T) {
	f := deskFixture(t)
	f.write(row(insertCell, 1, 1, 1, 5), cellDay(1, today, survey.Counts{1, 0, 0, 0, 3}))
	if d := f.desk(); d.Number != 4 || d.Today.Counts.Answers() != 0 || d.Today.Waiting != 4 || len(d.Faces) != 0 || len(d.Days) != 0 {
		t.Errorf("%+v", d)
	}
	if ps, err := f.x.Desks(context.Background()); err != nil || len(ps) != 1 || ps[0].Unit.KindName != "Sở" {
		t.Error(ps, err)
	}
	if us, err := f.x.Units(context.Background()); err != nil || len(us) != 1 || us[0].NameEN != "Home Affairs" {
		t.Error(us, err)
	}
}

// TestStatus: forks, gaps, quarantine and what waits are seen apart.
func TestStatus(t *testing.T) {
	f := newFixture(t)
	id := func(b byte) []byte { return slices.Repeat([]byte{b}, 16) }
	const origin = `INSERT INTO origin (oid, id, public, salt, role, name, head, head_hash, applied, seen) VALUES (?, ?, x'01', x'02', ?, ?, ?, x'03', ?, ?)`
	const aside = `INSERT INTO aside VALUES (?, ?, ?, x'01', x'02')`
	f.write(row(origin, 1, id(1), 1, "K01", 9, 9, noon().UnixMilli()), row(origin, 2, id(2), 2, "server", 5, 0, 0),
		row(`INSERT INTO origin (oid, id, public, salt, role, name, head, head_hash, applied) VALUES (3, ?, x'09', x'02', 1, 'K02', 8, x'03', 6)`, id(3)),
		row(`INSERT INTO revocation (public, fact) VALUES (x'09', 1)`),
		row(aside, 1, 4, []byte{1}), row(aside, 1, 5, []byte{2}), row(aside, 2, 8, []byte{3}), row(aside, 2, 9, []byte{4}),
		row(`INSERT INTO quarantine VALUES (?, ?)`, 1<<40|7, "score out of 1–5"),
		row(`INSERT INTO ballot (id, key, ratings) VALUES (1, x'01', 2), (2, x'02', 0)`),
		row(`INSERT INTO undated VALUES (1, 1)`), row(`INSERT INTO cursor VALUES (1, ?, 77, x'00')`, noon().UnixNano()))
	s, err := f.x.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if last := s.Origins[len(s.Origins)-1]; last.Name != "K02" || !last.Revoked || last.Beyond() != 2 || last.Waits() || s.Origins[0].Beyond() != 0 {
		t.Errorf("revoked %+v", last)
	}
	if len(s.Origins) != 3 || s.Origins[0].Name != "K01" || s.Origins[0].Waits() || !s.Origins[1].Waits() || !s.Origins[1].Seen.IsZero() {
		t.Errorf("origins %+v", s.Origins)
	}
	if len(s.Forks) != 1 || s.Forks[0].From != 4 || s.Forks[0].Facts != 2 || len(s.Gaps) != 1 || s.Gaps[0].From != 6 || s.Gaps[0].To != 7 {
		t.Errorf("forks %+v gaps %+v", s.Forks, s.Gaps)
	}
	if len(s.Quarantine) != 1 || s.Quarantine[0].Number != 7 || s.Quarantine[0].Name != "K01" || s.Quarantined != 1 {
		t.Errorf("quarantine %+v", s.Quarantine)
	}
	if s.Waiting != 1 || s.Undated != 1 || s.Sequence != 77 || !s.Stream.Equal(noon()) {
		t.Errorf("%+v", s)
	}
}

// kioskFigures are of ballots that were all given at a kiosk, by receipt.
func kioskFigures(n survey.Counts) Figures {
	return Figures{Counts: n, Kiosk: n.Answers(), Receipt: n.Answers()}
}
