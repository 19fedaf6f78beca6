package main

import (
	"context"
	"path/filepath"
	"time"

	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/api"
	"hailong/server/index"
	"hailong/server/page"
	"hailong/server/periodic"
	"hailong/server/projection"
	"hailong/server/prooflog"
	"hailong/server/report"
)

// reportsEvery is how often it is looked whether a month was closed.
const reportsEvery = time.Minute

// registerReports adds the page of reports and their files.
func (s *server) registerReports(d page.Deps, catalogue *locale.Catalogue, x *index.Index) (err error) {
	f := &periodic.Filler{Index: x, Languages: catalogue, Setting: s.proj.Setting, Now: time.Now, Checkpoint: s.checkpoint}
	if s.reports, err = periodic.OpenStore(filepath.Join(s.c.Data, "reports"), f, s.log); err != nil {
		return err
	}
	page.RegisterReports(s.app, d, s.reports)
	api.RegisterReports(s.app, f, s.reports)
	return nil
}

// checkpoint is the one that a report names: see periodic.Filler.
func (s *server) checkpoint(ctx context.Context, period survey.Period, closed bool) (c report.Checkpoint, err error) {
	var at prooflog.Checkpoint
	ok := false
	if !closed {
		at, ok, err = s.proofs.Latest(ctx)
	} else {
		at, ok, err = s.checkpointAt(ctx, period)
	}
	if err != nil || !ok {
		return c, err
	}
	return report.Checkpoint{Short: at.Short(), Size: int64(at.Size), At: at.At}, nil
}

// checkpointAt is the last one that the period's closing had seen.
func (s *server) checkpointAt(ctx context.Context, period survey.Period) (c prooflog.Checkpoint, ok bool, err error) {
	closings, err := s.proj.Closings(ctx)
	if err != nil {
		return c, false, err
	}
	var last *projection.Closing
	for i := range closings {
		x := &closings[i]
		if x.Period.From >= period.From && x.Period.To <= period.To && (last == nil || x.Wall > last.Wall) {
			last = x
		}
	}
	if last == nil {
		return c, false, nil
	}
	body, err := projection.ReadClosing(ctx, s.proj.Reader(), last.Ref)
	if err != nil {
		return c, false, err
	}
	return prooflog.At(ctx, s.proj.Reader(), body.Holds)
}

// shown is the last checkpoint as boards name it.
func (s *server) shown(ctx context.Context) (short string, at time.Time, err error) {
	c, ok, err := s.proofs.Latest(ctx)
	if err != nil || !ok {
		return "", at, err
	}
	return c.Short(), c.At, nil
}

// keepReports makes the reports of periods as they are closed.
func (s *server) keepReports(ctx context.Context) error {
	return s.reports.Run(ctx, reportsEvery, s.closedMonths)
}
