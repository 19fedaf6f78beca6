package index

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"

	"hailong/internal/survey"
)

// DeskDays is the number of days, today among them, that a desk's answer has.
const DeskDays = 30

// MostFaces is the greatest number of faces shown of a day.
const MostFaces = 60

// Place is a desk and the unit to which it belongs.
type Place struct {
	Code, Name, NameEN string
	Unit               Unit
	Service            survey.Service // what its walk-ins are counted under; its target's
	id                 int64
}

// Kiosk is a device of a desk.
type Kiosk struct{ Code, Name string }

// Desk is how one receiving desk goes, for those who run it.
type Desk struct {
	Place
	Day    survey.Day
	Sample bool
	Least  int64 // answers needed for a verdict
	Kiosks []Kiosk

	// Numbers move at once.
	Number  int64     // ballots counted on this day
	WalkIns int64     // given on this day without receipt or code
	Hours   [24]int64 // ballots of this day by hour, with walk-ins

	// Rates and faces move by five ballots and more, in whole blocks.
	Today Judged
	Faces []survey.Score // of Today, shuffled; at most MostFaces
	Month Judged         // the last DeskDays days
	// Days are the blocks of those days, in order, each with the target of its
	// last day. The figures of a desk have neither channel nor binding.
	Days []Judged

	MonthWalkIns    int64
	Dossiers, Rated int64 // participation of the whole unit in the last DeskDays days
}

// Desks lists every desk by unit and code.
func (x *Index) Desks(ctx context.Context) ([]Place, error) {
	var all []Place
	err := x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		return each(ctx, tx, func(scan scanner) error {
			p, code := Place{}, ""
			if err := scan(&p.Code, &p.id, &code, &p.Name, &p.NameEN, &p.Service); err != nil {
				return err
			}
			p.Unit.Code = code
			if u := org.byCode[code]; u != nil {
				p.Unit = u.Unit
			}
			all = append(all, p)
			return nil
		}, `SELECT code, id, unit, name, name_en, service FROM desk ORDER BY unit, code`)
	})
	return all, err
}

// Units lists every unit by code.
func (x *Index) Units(ctx context.Context) ([]Unit, error) {
	var all []Unit
	err := x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		for i := range org.units {
			all = append(all, org.units[i].Unit)
		}
		return nil
	})
	return all, err
}

// Desk answers for one desk on a day, normally Today. Errors: CodeUnknownDesk.
func (x *Index) Desk(ctx context.Context, code string, today survey.Day) (Desk, error) {
	d := Desk{Day: today}
	err := x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		return d.read(ctx, tx, org, code)
	})
	if err != nil {
		return Desk{}, err
	}
	d.Faces = x.faces(code, today, d.Today.Counts)
	return d, nil
}

func (d *Desk) read(ctx context.Context, tx *sql.Tx, org *organisation, code string) error {
	var of string
	err := tx.QueryRowContext(ctx, `SELECT code, id, unit, name, name_en, service FROM desk WHERE code = ?`, code).
		Scan(&d.Code, &d.id, &of, &d.Name, &d.NameEN, &d.Service)
	if errors.Is(err, sql.ErrNoRows) {
		return survey.New(survey.CodeUnknownDesk, clip(code))
	}
	if err != nil {
		return fmt.Errorf("desk: %w", err)
	}
	d.Sample, d.Least = org.sample, org.least
	u := org.byCode[of]
	if u == nil {
		u = &unit{Unit: Unit{Code: of, Name: of, NameEN: of}}
	}
	d.Unit = u.Unit
	month := survey.Period{From: d.Day - DeskDays + 1, To: d.Day + 1}
	if err := d.readNumbers(ctx, tx, u.id, month); err != nil {
		return err
	}
	days, shown, err := readDesk(ctx, tx, d.id, month)
	if err != nil {
		return err
	}
	var true30, trueToday int64
	for _, b := range deskBlocks(shown, month) {
		t := org.targetsIn(u, d.Service, (b.Covered.To - 1).Single())[0]
		d.Days = append(d.Days, judge(b, t, d.Least))
		d.Month.Block = joined(d.Month.Block, b)
		if b.Covered.Last() == d.Day {
			d.Today.Block = b
		}
	}
	begin := month.From - 1
	if len(d.Days) > 0 {
		begin = d.Days[0].Covered.From - 1
	}
	for _, r := range days {
		if r.day > begin {
			true30 += r.Counts.Answers()
		}
		if r.day == d.Day {
			trueToday = r.Counts.Answers()
		}
	}
	d.Month.Waiting = max(0, true30-d.Month.Counts.Answers())
	d.Today.Waiting = max(0, trueToday-d.Today.Counts.Answers())
	target := org.targetsIn(u, d.Service, d.Day.Single())[0]
	d.Today, d.Month = judge(d.Today.Block, target, d.Least), judge(d.Month.Block, target, d.Least)
	return nil
}

// joined puts two blocks together that follow each other.
func joined(a, b Block) Block {
	if a.Covered.To == 0 {
		return b
	}
	a.Figures = a.add(b.Figures, 1)
	a.Covered.To = b.Covered.To
	return a
}

func (d *Desk) readNumbers(ctx context.Context, tx *sql.Tx, unit int64, month survey.Period) error {
	err := each(ctx, tx, func(scan scanner) error {
		var day survey.Day
		var n, w int64
		if err := scan(&day, &n, &w); err != nil {
			return err
		}
		if day == d.Day {
			d.Number, d.WalkIns = n, w
		}
		d.MonthWalkIns += w
		return nil
	}, `SELECT day, s1 + s2 + s3 + s4 + s5, w1 + w2 + w3 + w4 + w5 FROM desk_day WHERE desk = ? AND day >= ? AND day < ?`,
		d.id, month.From, month.To)
	if err != nil {
		return err
	}
	err = each(ctx, tx, func(scan scanner) error {
		var hour, n int64
		if err := scan(&hour, &n); err != nil {
			return err
		}
		if hour >= 0 && hour < 24 {
			d.Hours[hour] = n
		}
		return nil
	}, `SELECT hour, n FROM desk_hour WHERE desk = ? AND day = ?`, d.id, d.Day)
	if err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, `SELECT coalesce(sum(dossiers), 0), coalesce(sum(rated), 0) FROM dossier_day
WHERE unit = ? AND service = ? AND day >= ? AND day < ?`, unit, d.Service, month.From, month.To).Scan(&d.Dossiers, &d.Rated)
	if err != nil {
		return fmt.Errorf("participation: %w", err)
	}
	return each(ctx, tx, func(scan scanner) error {
		var k Kiosk
		err := scan(&k.Code, &k.Name)
		d.Kiosks = append(d.Kiosks, k)
		return err
	}, `SELECT code, name FROM kiosk WHERE desk = ? ORDER BY code`, d.Code)
}

// readDesk gives a desk's days as they are and as they may be shown, from the
// block on in which the period begins.
func readDesk(ctx context.Context, tx *sql.Tx, desk int64, p survey.Period) (days, shown []day, err error) {
	before := p.From
	var more []day
	err = each(ctx, tx, func(scan scanner) error {
		var now, was int64
		if err := scan(&now, &was); err != nil {
			return err
		}
		if b, ok := ballot(now, p.To); ok {
			more, before = append(more, b.negative()), min(before, b.day)
		}
		if b, ok := ballot(was, p.To); ok {
			more, before = append(more, b), min(before, b.day)
		}
		return nil
	}, `SELECT now_day * 256 + iif(now_binding = 3, 0, now_score) + 64 * now_changed,
  was_day * 256 + iif(was_binding = 3, 0, was_score) + 64 * was_changed FROM held WHERE scope = 2 AND place = ?`, desk)
	if err != nil {
		return nil, nil, err
	}
	err = each(ctx, tx, func(scan scanner) error {
		var d day
		n := &d.Counts
		err := scan(&d.day, &n[0], &n[1], &n[2], &n[3], &n[4], &d.Changed)
		days = append(days, d)
		return err
	}, `SELECT day, s1, s2, s3, s4, s5, changed FROM desk_day WHERE desk = $desk AND day < $to AND day > coalesce(
  (SELECT day FROM desk_day WHERE desk = $desk AND day < $before AND carry = 0 ORDER BY day DESC LIMIT 1), -3000000) ORDER BY day`,
		sql.Named("desk", desk), sql.Named("to", int64(p.To)), sql.Named("before", int64(before)))
	return days, merge(days, more), err
}

// deskBlocks gives the full blocks that end in the period.
func deskBlocks(shown []day, p survey.Period) []Block {
	var all []Block
	i := 0
	for _, last := range ends(shown) {
		b := Block{Covered: survey.Period{From: shown[i].day, To: last + 1}}
		for ; i < len(shown) && shown[i].day <= last; i++ {
			b.Figures = b.add(shown[i].Figures, 1)
		}
		if last >= p.From {
			all = append(all, b)
		}
	}
	return all
}

// faces shuffles the answers of a day. The order depends on the counts and on a
// secret of this process alone: the same at each reload, and saying nothing of
// who came when.
func (x *Index) faces(code string, d survey.Day, counts survey.Counts) []survey.Score {
	mac := hmac.New(sha256.New, x.secret[:])
	fmt.Fprintf(mac, "%q %d %v", code, d, counts)
	var seed [32]byte
	mac.Sum(seed[:0])
	var faces []survey.Score
	for i, n := range counts {
		for range n {
			faces = append(faces, survey.Score(i+1))
		}
	}
	rand.New(rand.NewChaCha8(seed)).Shuffle(len(faces), func(i, j int) { faces[i], faces[j] = faces[j], faces[i] })
	return faces[:min(len(faces), MostFaces)]
}
