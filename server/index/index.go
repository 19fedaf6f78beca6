// Package index answers what the satisfied rates are: it reads the projection's
// database (server/projection/schema), adds up its rollups, holds back what
// would unmask a person, and judges by the targets. It never writes.
//
// Two rules keep single answers hidden, and both hold for cells: what one desk
// received and one unit settles, of one kind of service. Consecutive days of a
// cell are merged into blocks of at least five ballots, and a range is answered
// in whole blocks (table `block`). And a block moves only when five or more of its
// ballots were added or changed: until then the table `held` says what is still
// shown of them. What is shown of units and desks is the sum of their cells, so
// that no two figures differ by fewer than five ballots, whoever puts them
// together, now or later. Numbers of ballots alone
// are not held back.
package index

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"time"

	"hailong/internal/survey"
)

// Index answers from one database. Its methods may be called from several
// goroutines; each answer is of one moment. Errors are survey errors where the
// question was wrong, else the database's.
type Index struct {
	db      *sql.DB
	closed  *sql.DB // what closings published; nil: none
	now     func() time.Time
	secret  [32]byte // orders faces, so that their order says nothing
	factors factors
}

// Open answers from a pool of connections that read; nil for now is time.Now.
func Open(db *sql.DB, now func() time.Time) *Index {
	if now == nil {
		now = time.Now
	}
	x := &Index{db: db, now: now}
	_, _ = rand.Read(x.secret[:]) // never fails: crypto/rand ends the program instead
	return x
}

// Today is the day in Vietnam by the server's clock.
func (x *Index) Today() survey.Day { return survey.DayOf(x.now()) }

// Query is what is asked of the index.
type Query struct {
	Period  survey.Period
	Unit    string         // code of one unit; empty: all
	Service survey.Service // 0: both
}

// Figures are the counted ballots of some whole blocks, as they may be shown.
type Figures struct {
	Counts  survey.Counts // by score
	Kiosk   int64         // given at a kiosk; the others by phone
	Receipt int64         // bound to a receipt or slip; the others to a dossier's code only
	Changed int64         // whose answer was changed
}

// Tally is the number of ballots and of those that are satisfied.
func (f Figures) Tally() survey.Tally {
	return survey.Tally{Satisfied: f.Counts.Satisfied(), Answers: f.Counts.Answers()}
}

// Phone is the number of ballots given by phone.
func (f Figures) Phone() int64 { return f.Counts.Answers() - f.Kiosk }

// Dossier is the number of ballots bound to a dossier's code only.
func (f Figures) Dossier() int64 { return f.Counts.Answers() - f.Receipt }

// add gives f + sign × g.
func (f Figures) add(g Figures, sign int64) Figures {
	for i := range f.Counts {
		f.Counts[i] += sign * g.Counts[i]
	}
	f.Kiosk += sign * g.Kiosk
	f.Receipt += sign * g.Receipt
	f.Changed += sign * g.Changed
	return f
}

// Block is a run of days answered as a whole.
type Block struct {
	Figures
	// Covered are the days whose ballots are in the figures: the period asked
	// for, but from an earlier day where a block began before it, and up to an
	// earlier day where a block is not full yet; over several cells, from the
	// earliest to the latest. Consecutive periods thus share no ballot and lose
	// none. It has no day where nothing may be shown yet.
	Covered survey.Period
	// Waiting is the number of ballots in the period that are not in the
	// figures yet.
	Waiting int64
}

// Judged are figures with their certainty and what the target says of them.
type Judged struct {
	Block
	Low, High float64 // 95% Wilson interval of the rate, 0…1
	Target    survey.Target
	Own       bool // the target is the unit's own, not its kind's
	Verdict   survey.Verdict
	Straddles bool // the target lies within the interval
}

func judge(b Block, t dated, least int64) Judged {
	n := b.Tally()
	j := Judged{Block: b, Target: t.Target, Own: t.own,
		Verdict:   survey.Judge(t.Target, n.Satisfied, n.Answers, least),
		Straddles: survey.Straddles(t.Target, n.Satisfied, n.Answers)}
	j.Low, j.High = survey.Wilson(n.Satisfied, n.Answers)
	return j
}

// Part is a part of the period in which one target held.
type Part struct {
	Period survey.Period
	Judged
}

// Row is one unit's index for one kind of service.
type Row struct {
	Unit    Unit
	Service survey.Service
	Judged
	Parts    []Part // where the target changed within the period, else nil
	WalkIns  int64  // number given without receipt or code at the unit's desks; stands beside
	Dossiers int64  // dossiers whose last event lies in the period, or slips issued in it
	Rated    int64  // of these, with a counted ballot
	Needed   int64  // ballots that so many dossiers need, for an error of 5%
	Voided   int64  // ratings of the period that do not count because somebody declared them void, with a reason
	// Times are the dossiers returned in the period, and Asked what was asked of
	// them on its last day. NoDue are those that no date was promised for.
	Times survey.Timeliness
	NoDue int64
	Asked survey.TimelinessTarget
	// Ratio766 is that of Quyết định 766/QĐ-TTg, of administrative services: all
	// dossiers but those whose shown ballot says 1 or 2 and those returned late,
	// of all. A dossier that was both is taken off twice.
	Ratio766 survey.Tally
	Shrunk   float64 // rate for sorting, drawn towards that of the same kind and service
	Band     int     // 1 is the best of its kind and service; 0 without answers
}

// Answer is the index of a period.
type Answer struct {
	Period survey.Period
	Least  int64 // answers needed for a verdict
	Sample bool  // the database holds sample data
	Rows   []Row // by unit code and service
}

// Query gives a row for each unit of the period and kind of service that has a
// ballot, a dossier, a walk-in or a target in it. Errors: those of
// survey.Period.Check, CodeUnknownUnit, CodeUnknownService.
func (x *Index) Query(ctx context.Context, q Query) (Answer, error) {
	if err := q.check(); err != nil {
		return Answer{}, err
	}
	var a Answer
	err := x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		only := int64(0)
		if q.Unit != "" {
			u, ok := org.byCode[q.Unit]
			if !ok {
				return survey.New(survey.CodeUnknownUnit, clip(q.Unit))
			}
			only = u.id
		}
		sums, err := unitSums(ctx, tx, q.Period, scope{unit: only, service: q.Service})
		if err != nil {
			return err
		}
		side, err := readBeside(ctx, tx, q.Period, only, q.Service)
		if err != nil {
			return err
		}
		org.at(q.Period.Last())
		a, err = answer(ctx, tx, org, q, only, sums, side)
		return err
	})
	return a, err
}

// read runs fn on one snapshot of the database.
func (x *Index) read(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("index: begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	if err := fn(tx); err != nil {
		if survey.CodeOf(err) != survey.CodeInternal {
			return err
		}
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

func answer(ctx context.Context, tx *sql.Tx, org *organisation, q Query, only int64, sums map[unitService]Block, beside map[unitService]aside) (Answer, error) {
	a := Answer{Period: q.Period, Least: org.least, Sample: org.sample}
	parts := partSums{ctx: ctx, tx: tx, only: only, service: q.Service}
	a.Rows = make([]Row, 0, len(org.units)+len(org.units)/4)
	for i := range org.units {
		u := &org.units[i]
		if only != 0 && u.id != only || !u.aliveIn(q.Period) {
			continue
		}
		for _, s := range survey.Services {
			if q.Service != 0 && s != q.Service {
				continue
			}
			key := unitService{u.id, s}
			targets := org.targetsIn(u, s, q.Period)
			last := targets[len(targets)-1]
			b, rated := sums[key]
			side, isBeside := beside[key]
			if !rated && !isBeside && !last.Set() {
				continue
			}
			if !rated {
				b.Covered = q.Period
			}
			r := Row{Unit: u.Unit, Service: s, Judged: judge(b, last, org.least),
				WalkIns: side.walkIns, Voided: side.voided, Dossiers: side.dossiers, Rated: side.rated, Needed: survey.SampleNeeded(side.dossiers),
				Times: side.times, NoDue: side.noDue, Asked: org.times[u.Kind].On(q.Period.Last())}
			if s == survey.ServiceAdministrative {
				r.Ratio766 = survey.Ratio766(side.dossiers, b.Counts[0]+b.Counts[1]+side.times.Late)
			}
			if len(targets) > 1 {
				var err error
				if r.Parts, err = parts.of(key, targets, org.least); err != nil {
					return a, err
				}
			}
			a.Rows = append(a.Rows, r)
		}
	}
	Rank(a.Rows)
	return a, nil
}

// Rank puts the rows of each kind and service into bands.
func Rank(rows []Row) {
	type group struct {
		kind    string
		service survey.Service
	}
	members := map[group][]int{}
	for i := range rows {
		g := group{rows[i].Unit.Kind, rows[i].Service}
		members[g] = append(members[g], i)
	}
	for _, of := range members {
		tallies := make([]survey.Tally, len(of))
		for i, r := range of {
			tallies[i] = rows[r].Tally()
		}
		for _, b := range survey.Bands(tallies) {
			r := &rows[of[b.Index]]
			r.Shrunk, r.Band = b.Shrunk, b.Band
		}
	}
}

// partSums reads the sums of the parts of a period, each part once for all units.
type partSums struct {
	ctx     context.Context
	tx      *sql.Tx
	only    int64
	service survey.Service
	read    map[survey.Period]map[unitService]Block
}

func (p *partSums) of(key unitService, targets []dated, least int64) ([]Part, error) {
	parts := make([]Part, len(targets))
	for i, t := range targets {
		sums, ok := p.read[t.period]
		if !ok {
			var err error
			if sums, err = unitSums(p.ctx, p.tx, t.period, scope{unit: p.only, service: p.service}); err != nil {
				return nil, err
			}
			if p.read == nil {
				p.read = map[survey.Period]map[unitService]Block{}
			}
			p.read[t.period] = sums
		}
		b, ok := sums[key]
		if !ok {
			b.Covered = t.period
		}
		parts[i] = Part{t.period, judge(b, t, least)}
	}
	return parts, nil
}

// clip shortens what a stranger wrote for use in a sentence.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
