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

// Desk is how one receiving desk goes, for those who run it.
type Desk struct {
	Place
	Day    survey.Day
	Sample bool
	Least  int64 // answers needed for a verdict

	// Numbers move at once.
	Number  int64     // ballots counted on this day
	WalkIns int64     // given on this day without receipt or code
	Hours   [24]int64 // ballots of this day by hour, without walk-ins

	// Rates and faces move by five ballots and more, in whole blocks.
	Today Judged
	Month Judged // the last DeskDays days
	// Days are the days on which blocks end, in order: each with all those
	// blocks, and the target of that day.
	Days []Judged
	// Faces are the answers of the last of Days, shuffled; at most MostFaces.
	Faces []survey.Score
	// Told names the answers, ticks and comments in the figures of Month: it
	// changes as they do.
	Told string

	MonthWalkIns    int64
	Voided          int64 // ratings of the last DeskDays days that somebody declared void
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
		all, err = readDesks(ctx, tx, org)
		return err
	})
	return all, err
}

func readDesks(ctx context.Context, tx *sql.Tx, org *organisation) (all []Place, err error) {
	err = each(ctx, tx, func(scan scanner) error {
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
		_, _, err = x.readDesk(ctx, tx, org, code, &d, monthOf(today))
		return err
	})
	if err != nil {
		return Desk{}, err
	}
	return d, nil
}

// monthOf are the DeskDays days up to a day.
func monthOf(today survey.Day) survey.Period {
	return survey.Period{From: today - DeskDays + 1, To: today + 1}
}

// readDesk fills a desk's answer, and gives the blocks of its cells in a period
// that ends with the day, and what more than scores those of Month say.
func (x *Index) readDesk(ctx context.Context, tx *sql.Tx, org *organisation, code string, d *Desk, p survey.Period) ([]cellBlocks, []told, error) {
	u, err := d.find(ctx, tx, org, code)
	if err != nil {
		return nil, nil, err
	}
	if err := d.readNumbers(ctx, tx, u.id, monthOf(d.Day)); err != nil {
		return nil, nil, err
	}
	cells, err := readDeskBlocks(ctx, tx, d.id, p)
	if err != nil {
		return nil, nil, err
	}
	if d.Month.Waiting, err = readWaiting(ctx, tx, d.id, monthOf(d.Day)); err != nil {
		return nil, nil, err
	}
	d.sum(org, u, cells)
	told, err := readTold(ctx, tx, d.id, cells, monthOf(d.Day))
	if err != nil {
		return nil, nil, err
	}
	d.Told = x.name(told)
	if n := len(d.Days); n > 0 {
		d.Faces = x.faces(code, d.Days[n-1].Covered.Last(), d.Days[n-1].Counts)
	}
	return cells, told, nil
}

// find reads which desk it is.
func (d *Desk) find(ctx context.Context, tx *sql.Tx, org *organisation, code string) (*unit, error) {
	var of string
	err := tx.QueryRowContext(ctx, `SELECT code, id, unit, name, name_en, service FROM desk WHERE code = ?`, code).
		Scan(&d.Code, &d.id, &of, &d.Name, &d.NameEN, &d.Service)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, survey.New(survey.CodeUnknownDesk, clip(code))
	}
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	d.Sample, d.Least = org.sample, org.least
	u := org.byCode[of]
	if u == nil {
		u = &unit{Unit: Unit{Code: of, Name: of, NameEN: of}}
	}
	d.Unit = u.Unit
	return u, nil
}

// sum adds up the blocks of the desk's cells: today's, the month's, and those
// that end on each day.
func (d *Desk) sum(org *organisation, u *unit, cells []cellBlocks) {
	var all []Block
	for i := range cells {
		all = append(all, cells[i].in(monthOf(d.Day)).all...)
	}
	for _, b := range byEnd(all) {
		t := org.targetsIn(u, d.Service, b.Covered.Last().Single())[0]
		d.Days = append(d.Days, judge(b, t, d.Least))
		d.Month.Block = beside(d.Month.Block, b)
		if b.Covered.Last() == d.Day {
			d.Today.Block = b
		}
	}
	d.Month.Waiting = max(0, d.Month.Waiting-d.Month.Counts.Answers())
	d.Today.Waiting = max(0, d.Number-d.Today.Counts.Answers())
	target := org.targetsIn(u, d.Service, d.Day.Single())[0]
	d.Today, d.Month = judge(d.Today.Block, target, d.Least), judge(d.Month.Block, target, d.Least)
}

func (d *Desk) readNumbers(ctx context.Context, tx *sql.Tx, unit int64, month survey.Period) error {
	err := each(ctx, tx, func(scan scanner) error {
		var day survey.Day
		var n int64
		if err := scan(&day, &n); err != nil {
			return err
		}
		if day == d.Day {
			d.WalkIns = n
		}
		d.MonthWalkIns += n
		return nil
	}, `SELECT day, s1 + s2 + s3 + s4 + s5 FROM walkin_day WHERE desk = ? AND day >= ? AND day < ?`, d.id, month.From, month.To)
	if err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, `SELECT coalesce(sum(d.s1 + d.s2 + d.s3 + d.s4 + d.s5), 0)
FROM cell c CROSS JOIN cell_day d WHERE c.desk = ? AND d.cell = c.id AND d.day = ?`, d.id, d.Day).Scan(&d.Number)
	if err != nil {
		return fmt.Errorf("numbers: %w", err)
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
	return d.readVoided(ctx, tx, month)
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
	rand.New(rand.NewChaCha8(seed)).Shuffle(len(faces), func(i, j int) { faces[i], faces[j] = faces[j], faces[i] }) // #nosec G404 -- the seed is a keyed hash
	return faces[:min(len(faces), MostFaces)]
}
