package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"hailong/internal/survey"
	"hailong/server/closing"
	"hailong/server/export"
	"hailong/server/keyring"
	"hailong/server/periodic"
	"hailong/server/projection"
)

// openClosings opens what closings published, and what closes months.
func (s *server) openClosings(ctx context.Context) (err error) {
	if s.closed, err = closing.Open(ctx, filepath.Join(s.c.Data, "closed.db")); err != nil {
		return err
	}
	if s.ballots, err = export.OpenStore(filepath.Join(s.c.Data, "export")); err != nil {
		return err
	}
	s.closings = closing.NewKeeper(closing.Options{
		Server: s.c.Name, Servers: s.c.Servers, Projection: s.proj, Recorder: s, Store: s.closed, Ballots: s.ballots, Keys: s.keys, Log: s.log, Quiet: s.c.Quiet, Dir: s.c.Data,
	})
	return nil
}

// closedMonths gives the closings of which the figures are here, for reports.
func (s *server) closedMonths(ctx context.Context) ([]periodic.Closing, error) {
	months, err := s.closed.Months(ctx)
	all := make([]periodic.Closing, len(months))
	for i, m := range months {
		all[i] = periodic.Closing{Month: m.Period, At: time.UnixMilli(m.Wall)}
	}
	return all, err
}

// closingCmd is `hailong-server closing`.
type closingCmd struct {
	List  closingListCmd  `cmd:"" help:"List the months that are closed."`
	Check closingCheckCmd `cmd:"" help:"Compute what closed months published again, from the facts up to each closing, and compare."`
}

// stored says where a server's data is; the server may run.
type stored struct {
	Data string `help:"Folder of the server's data." default:"data/server" env:"HAILONG_DATA"`
}

func (c stored) open(ctx context.Context) (*closing.Record, error) {
	r, err := closing.OpenRecord(ctx, c.Data)
	if err != nil {
		return nil, failure{err.Error(), "--data=FOLDER, the data folder of a server that has run with this program", err}
	}
	return r, nil
}

type closingListCmd struct{ stored }

// Run lists the closed months, the oldest first.
func (c *closingListCmd) Run(ctx context.Context, k *kong.Kong) (err error) {
	r, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	months, err := r.Months(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(k.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "month\tclosed\tby\tfact")
	for _, m := range months {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s/%d\n", monthName(m.Period), time.UnixMilli(m.Wall).In(survey.Zone).Format("2006-01-02 15:04"), m.By, m.Origin, m.Number)
	}
	return w.Flush()
}

func monthName(p survey.Period) string { return p.From.String()[:7] }

type closingCheckCmd struct {
	stored
	Keys  string `help:"The servers' shared key file. Default: DATA.keys beside the folder." env:"HAILONG_KEYS"`
	Month string `help:"One month. Default: all that are closed." placeholder:"2026-10"`
}

// Run compares; the first difference is the error.
func (c *closingCheckCmd) Run(ctx context.Context, k *kong.Kong) (err error) {
	if c.Keys == "" {
		c.Keys = c.Data + ".keys"
	}
	keys, err := keyring.Open(c.Keys, false)
	if err != nil {
		return err
	}
	r, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	months, err := r.Months(ctx)
	if err != nil {
		return err
	}
	checked := 0
	for _, m := range months {
		if c.Month != "" && monthName(m.Period) != c.Month {
			continue
		}
		checked++
		if err := c.check(ctx, k.Stdout, r, keys, m); err != nil {
			return err
		}
	}
	if c.Month != "" && checked == 0 {
		return failure{fmt.Sprintf("%q is not closed", c.Month), "a month that `hailong-server closing list` names, such as 2026-10", nil}
	}
	return nil
}

func (c *closingCheckCmd) check(ctx context.Context, out io.Writer, r *closing.Record, keys *keyring.Ring, m closing.Kept) error {
	progress := bar{to: os.Stderr, what: monthName(m.Period)}
	figures, different, err := r.Check(ctx, m, projection.Options{Server: "check", Keys: keys, Log: slog.New(slog.DiscardHandler)}, func(done, total uint64) {
		progress.show(int64(done), int64(total))
	})
	if err != nil {
		return err
	}
	if different != nil {
		return failure{monthName(m.Period) + ": " + different.Error(),
			"stop the server, delete closed.db in its data folder and start it: it is filled from the facts; where the difference comes back, the facts are not what was closed", different}
	}
	_, err = fmt.Fprintf(out, "%s: %d figures are what the facts up to the closing give\n", monthName(m.Period), figures)
	return err
}
