package main

import (
	"context"
	"path/filepath"
	"time"

	"hailong/internal/locale"
	"hailong/server/api"
	"hailong/server/index"
	"hailong/server/page"
	"hailong/server/periodic"
)

// reportsEvery is how often it is looked whether a month was closed.
const reportsEvery = time.Minute

// registerReports adds the page of reports and their files.
func (s *server) registerReports(d page.Deps, catalogue *locale.Catalogue, x *index.Index) (err error) {
	f := &periodic.Filler{Index: x, Languages: catalogue, Setting: s.proj.Setting, Now: time.Now}
	if s.reports, err = periodic.OpenStore(filepath.Join(s.c.Data, "reports"), f, s.log); err != nil {
		return err
	}
	page.RegisterReports(s.app, d, s.reports)
	api.RegisterReports(s.app, f, s.reports)
	return nil
}

// keepReports makes the reports of periods as they are closed.
func (s *server) keepReports(ctx context.Context) error {
	return s.reports.Run(ctx, reportsEvery, s.closedMonths)
}
