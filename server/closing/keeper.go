package closing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/export"
	"hailong/server/projection"
)

// Grace is how many days after its end a month is closed: time for what was
// recorded without a link to arrive. What comes later still counts, beside what
// was published.
const Grace = 5

// Recorder makes facts durable: see register.Recorder.
type Recorder interface {
	Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error)
}

// Projection is what the Keeper needs of one; *projection.Projection is one.
type Projection interface {
	Reader() *sql.DB
	Closings(ctx context.Context) ([]projection.Closing, error)
	Mark(origin fact.OriginID) fact.Mark
	WaitApplied(ctx context.Context, origin fact.OriginID, number uint64) error
}

// Options of NewKeeper; all but Now, Quiet and Dir are required.
type Options struct {
	Server     string   // id of this server
	Servers    []string // ids of all: the first closes, others where it does not
	Projection Projection
	Recorder   Recorder
	Store      *Store
	Ballots    *export.Store   // single ballots of closed months
	Keys       projection.Keys // for replays
	Log        *slog.Logger
	Now        func() time.Time // nil: time.Now
	// Quiet is how long no ballot of a month may have come or gone before it is
	// closed; 0: a minute. It is not waited for longer than Patience.
	Quiet time.Duration
	Dir   string // for replays; "": the system's folder for such files
}

// Patience is how long a month that is due is not closed because its ballots go
// on coming; and how long each server waits for those before it to close.
const Patience = 6 * time.Hour

// Keeper closes months when they are due, and has the figures of every closing
// in the store.
type Keeper struct {
	o       Options
	ballots int64 // of past months, when it last looked
	since   time.Time
}

// NewKeeper makes one; Run works.
func NewKeeper(o Options) *Keeper {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Quiet == 0 {
		o.Quiet = time.Minute
	}
	return &Keeper{o: o, ballots: -1}
}

// Run works until the context ends. What fails is logged and tried again.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(k.o.Quiet)
	defer tick.Stop()
	for {
		if err := k.round(ctx); err != nil && ctx.Err() == nil {
			k.o.Log.Warn("close months", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// round fills in what is missing in the store, and closes the months that are
// due, the oldest first.
func (k *Keeper) round(ctx context.Context) error {
	if err := k.fill(ctx); err != nil {
		return err
	}
	for {
		month, ok, err := k.due(ctx)
		if err != nil || !ok {
			return err
		}
		if err := k.close(ctx, month); err != nil {
			return err
		}
	}
}

// fill puts the figures of closings into the store that are not there.
func (k *Keeper) fill(ctx context.Context) error {
	closings, err := k.o.Projection.Closings(ctx)
	if err != nil {
		return err
	}
	have, err := k.o.Store.Months(ctx)
	if err != nil {
		return err
	}
	for _, c := range closings {
		if k.o.Ballots.Has(c.Period, rowsOf(c)) && slices.ContainsFunc(have, func(x Kept) bool { return x.Period == c.Period && x.Origin == c.Origin && x.Number == c.Number }) {
			continue
		}
		body, err := projection.ReadClosing(ctx, k.o.Projection.Reader(), c.Ref)
		if err != nil {
			return err
		}
		start, told := time.Now(), time.Now()
		p, err := Again(ctx, k.o.Projection.Reader(), body, k.o.Dir, k.replayed(), func(done, total uint64) {
			if time.Since(told) > 10*time.Second {
				told = time.Now()
				k.o.Log.Info("replaying for a closing", "month", c.Period.From, "facts", done, "of", total)
			}
		})
		if err != nil {
			return err
		}
		if err := k.keep(ctx, c, body.By, p); err != nil {
			return err
		}
		k.o.Log.Info("figures of a closing computed again", "month", c.Period.From, "took", time.Since(start).Round(time.Millisecond))
	}
	return nil
}

// rowsOf names a closing in the file of its single ballots.
func rowsOf(c projection.Closing) string { return fmt.Sprintf("%x:%d", c.Origin[:], c.Number) }

// keep stores what a closing published.
func (k *Keeper) keep(ctx context.Context, c projection.Closing, by string, p *Published) error {
	err := k.o.Ballots.Put(c.Period, func(w io.Writer) error {
		_, err := export.WriteMonth(w, export.Head{Period: c.Period, Closing: rowsOf(c), Questions: p.Rows.Questions}, slices.Values(p.Rows.Groups))
		return err
	})
	if err != nil {
		return err
	}
	return k.o.Store.Put(ctx, c, by, p)
}

func (k *Keeper) replayed() projection.Options {
	return projection.Options{Server: k.o.Server, Keys: k.o.Keys, Log: slog.New(slog.DiscardHandler)}
}

// due gives the oldest month that is to be closed now.
func (k *Keeper) due(ctx context.Context) (month survey.Period, ok bool, err error) {
	if !k.o.Projection.Mark(fact.OriginID{}).CaughtUp {
		k.since = time.Time{}
		return month, false, nil
	}
	now := k.o.Now().Add(-time.Duration(max(0, slices.Index(k.o.Servers, k.o.Server))) * Patience)
	end := (survey.DayOf(now) - Grace).Month().From // months that end here or before it are due
	var first sql.NullInt32
	var ballots int64
	db := k.o.Projection.Reader()
	err = db.QueryRowContext(ctx, `SELECT (SELECT min(month) FROM block_month), (SELECT coalesce(sum(s1 + s2 + s3 + s4 + s5), 0) FROM cell_month WHERE month < ?)`, end).
		Scan(&first, &ballots)
	if err != nil || !first.Valid {
		return month, false, err
	}
	closings, err := k.o.Projection.Closings(ctx)
	if err != nil {
		return month, false, err
	}
	for month = survey.Day(first.Int32).Month(); month.To <= end; month = month.To.Month() {
		if !slices.ContainsFunc(closings, func(c projection.Closing) bool { return c.Period == month }) {
			break
		}
	}
	if month.To > end {
		k.since = time.Time{}
		return month, false, nil
	}
	if k.since.IsZero() {
		k.since = k.o.Now()
	}
	quiet := ballots == k.ballots
	k.ballots = ballots
	return month, quiet || k.o.Now().Sub(k.since) > Patience, nil
}

// close records the closing of a month and keeps its figures, which are of the
// same moment as the closing.
func (k *Keeper) close(ctx context.Context, month survey.Period) error {
	start := time.Now()
	tx, err := k.o.Projection.Reader().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	c, err := projection.Snapshot(ctx, tx, month)
	if err != nil {
		return err
	}
	c.By = k.o.Server
	if c.Left, err = Audit(ctx, tx, c); err != nil {
		return err
	}
	p, err := Figures(ctx, tx, c)
	if err != nil {
		return err
	}
	if err := tx.Rollback(); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return fmt.Errorf("close %s: %w", month.From, err)
	}
	refs, err := k.o.Recorder.Append(ctx, fact.Entry{Kind: fact.KindClosing, Body: c})
	if len(refs) == 0 {
		return err
	}
	// Where only its second copy is not confirmed, it is recorded all the same.
	ref := refs[len(refs)-1]
	if err := errors.Join(k.o.Projection.WaitApplied(ctx, ref.Origin, ref.Number), ctx.Err()); err != nil {
		return err
	}
	closings, err := k.o.Projection.Closings(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(closings, func(x projection.Closing) bool {
		return x.Period == month && x.Origin == ref.Origin && x.Number == ref.Number
	})
	if i >= 0 { // else another server's goes before it
		err = k.keep(ctx, closings[i], c.By, p)
	}
	k.o.Log.Info("closed a month", "month", month.From, "figures", len(p.Figures), "held back", len(c.Back), "left out", len(c.Left), "took", time.Since(start).Round(time.Millisecond))
	return err
}
