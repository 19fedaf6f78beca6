package index

import (
	"context"
	"database/sql"
	"time"

	"hailong/internal/survey"
)

// Extents of a desk's longer views.
const (
	DeskMonths = 12
	DeskWeeks  = 13
)

// Whole is a desk with what its page shows beside what is live.
type Whole struct {
	Desk
	// Months are those of the last DeskMonths, the current one among them, in
	// which blocks end, in order: each with all those blocks, and the target of
	// its last day up to now.
	Months []Judged
	// Week is the number of ballots by weekday, Monday first, and hour over the
	// last DeskWeeks weeks.
	Week [7][24]int64
	// Said is of the ballots of Month, by kind of service.
	Said []Said
	// Comments are the digests of the comments of the ballots of Month, shuffled.
	Comments [][32]byte
	Kiosks   []Kiosk
	Opening  survey.Hours
}

// DeskWhole is Desk with what its page shows beside. Errors: CodeUnknownDesk.
func (x *Index) DeskWhole(ctx context.Context, code string, today survey.Day) (Whole, error) {
	w := Whole{Desk: Desk{Day: today}}
	year, month, _ := today.Date()
	p := survey.Period{From: survey.NewDay(year, month-DeskMonths+1, 1), To: today + 1}
	err := x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		cells, all, err := x.readDesk(ctx, tx, org, code, &w.Desk, p)
		if err != nil {
			return err
		}
		w.sumMonths(org, cells, p)
		if err := w.readWeek(ctx, tx); err != nil {
			return err
		}
		ratings, err := readRatings(ctx, tx, all)
		if err != nil {
			return err
		}
		sheets, err := readSheets(ctx, tx, today)
		if err != nil {
			return err
		}
		ballots := map[survey.Service]int64{}
		for i := range cells {
			for _, b := range cells[i].in(monthOf(today)).all {
				ballots[cells[i].service] += b.Counts.Answers()
			}
		}
		w.Said = sayings(all, ratings, ballots, sheets)
		if w.Comments, err = x.readComments(ctx, tx, all, ratings); err != nil {
			return err
		}
		w.Kiosks, w.Opening, err = readKiosks(ctx, tx, w.Code)
		return err
	})
	if err != nil {
		return Whole{}, err
	}
	return w, nil
}

// sumMonths adds up blocks by the month in which they end.
func (w *Whole) sumMonths(org *organisation, cells []cellBlocks, p survey.Period) {
	u := org.byCode[w.Unit.Code]
	if u == nil {
		u = &unit{Unit: w.Unit}
	}
	for from := p.From; from < p.To; {
		to := min(from.Month().To, p.To)
		var sum Block
		for i := range cells {
			for _, b := range cells[i].in(survey.Period{From: from, To: to}).all {
				sum = beside(sum, b)
			}
		}
		if sum.Counts.Answers() > 0 {
			w.Months = append(w.Months, judge(sum, org.targetsIn(u, w.Service, (to - 1).Single())[0], w.Least))
		}
		from = to
	}
}

func (w *Whole) readWeek(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, func(scan scanner) error {
		var d survey.Day
		var hour, n int64
		if err := scan(&d, &hour, &n); err != nil {
			return err
		}
		if hour >= 0 && hour < 24 {
			w.Week[(d.Weekday()-time.Monday+7)%7][hour] += n
		}
		return nil
	}, `SELECT day, hour, n FROM desk_hour WHERE desk = ? AND day > ? AND day <= ?`, w.id, w.Day-DeskWeeks*7, w.Day)
}
