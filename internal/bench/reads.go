package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/api"
	closedschema "hailong/server/closing/schema"
	"hailong/server/index"
	"hailong/server/page"
	"hailong/server/periodic"
	"hailong/web"
)

// site is the pages and the programs' interface on a database, as the server has
// them, in this process.
type site struct {
	app   *fiber.App
	hub   *page.Hub
	index *index.Index
	base  string
	close func() error
}

// site serves a projection's database, and what closings published, at a port.
func (b *bench) site(ctx context.Context, path, closed string) (_ *site, err error) {
	db, err := sqlite.OpenReader(ctx, path, 4, 64<<10) // as the server's
	if err != nil {
		return nil, err
	}
	published, err := sqlite.OpenReader(ctx, closed, 4, 0)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		return nil, err
	}
	assets, err := httpx.NewAssets(web.Assets(), web.Dist())
	if err != nil {
		return nil, err
	}
	views, err := httpx.NewViews(web.Templates(), assets)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(b.progress, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s := &site{index: index.Open(db, nil)}
	s.index.UseClosed(published)
	s.hub = page.NewHub(s.index, log)
	s.app = httpx.New(httpx.Options{Log: log, Catalogue: catalogue, Views: views, Assets: assets})
	deps := page.Deps{Index: s.index, Views: views, Hub: s.hub, Log: log}
	page.Register(s.app, deps)
	api.RegisterIndex(s.app, s.index)
	filler := &periodic.Filler{Index: s.index, Languages: catalogue, Now: time.Now, Setting: func(context.Context, string) (string, error) { return "", nil }}
	kept, err := periodic.OpenStore(filepath.Join(b.dir, "reports"), filler, log)
	if err != nil {
		return nil, err
	}
	page.RegisterReports(s.app, deps, kept)
	api.RegisterReports(s.app, filler, kept)
	if err := access.New(access.Options{Auth: staff{}}).Install(s.app); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.base = "http://" + listener.Addr().String()
	live, stop := context.WithCancel(ctx)
	ran, served := make(chan struct{}), make(chan error, 1)
	go func() { defer close(ran); s.hub.Run(live) }()
	go func() { served <- s.app.Listener(listener) }()
	s.close = func() error {
		stop()
		<-ran
		return errors.Join(s.app.ShutdownWithTimeout(10*time.Second), <-served, db.Close(), published.Close())
	}
	return s, nil
}

// published makes the database of a closed year: of each unit and month a total,
// the questions, and numbers.
func (b *bench) published(ctx context.Context, year survey.Period) (path string, err error) {
	path = filepath.Join(b.dir, "province", "closed.db")
	db, err := sqlite.Open(ctx, path, closedschema.Files, sqlite.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return path, db.Write(ctx, func(tx *sqlite.Tx) error {
		st, err := tx.Conn.PrepareContext(ctx, `INSERT INTO figure (month, unit, service, desk, dim, value, n0, n1, n2, n3, n4, n5) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer st.Close()
		id := 0
		for m := year.From.Month(); m.From < year.To; m = m.To.Month() {
			id++
			_, err := tx.Conn.ExecContext(ctx, `INSERT INTO month VALUES (?, ?, ?, x'0102', ?, ?, 's1')`, id, m.From, m.To, id, m.To.StartMilli()+5*dayMS)
			if err != nil {
				return err
			}
			for u := 1; u <= b.units && err == nil; u++ {
				unit := fmt.Sprintf("U%04d", u)
				put := func(desk, dim, value string, n ...int) {
					if err == nil {
						_, err = st.ExecContext(ctx, id, unit, desk, dim, value, n[0], n[1], n[2], n[3], n[4], n[5])
					}
				}
				put("D"+unit, "total", "", 3, 20, 20, 60, 300, 430+u%9)
				for q := range questions {
					put("", "question", questionCode(q), 650, 4, 4, 10, 70, 92+u%9)
					put("D"+unit, "question", questionCode(q), 650, 4, 4, 10, 70, 92+u%9)
				}
				for _, name := range []string{"counted", "dossiers", "rated", "early", "ontime", "late", "walkins"} {
					put("", "number", name, 830+u%9, 0, 0, 0, 0, 0)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// reads measures pages, answers and reports over HTTP, as their readers wait for
// them; 10 million ratings are in the database.
func (b *bench) reads(ctx context.Context) (err error) {
	path, ballots, err := b.filled(ctx)
	if err != nil {
		return err
	}
	today := survey.DayOf(time.Now())
	year := today.Year()
	year = (year.From - 1).Year()
	closed, err := b.published(ctx, year)
	if err != nil {
		return err
	}
	s, err := b.site(ctx, path, closed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	quarter := today.Quarter()
	for i, what := range []string{"/", "/unit/U0001", "/compare?a=U0001&b=U0002", "/board/U0001", "/desk/DU0001", "/reports",
		fmt.Sprintf("/api/v1/index?from=%v&to=%v", quarter.From, quarter.To)} {
		took, err := s.ask(ctx, what, b.asked)
		if err != nil {
			return err
		}
		last := len(took) - 1
		p50, p99 := float64(took[last/2]), float64(took[last*99/100])
		b.say("%s: p50 %s, p99 %s", what, millis(p50), millis(p99))
		name := fmt.Sprintf("`%s`, p99 (p50 %s)", what, millis(p50))
		if i == 0 {
			name = fmt.Sprintf("%d units, %.1f million ratings, over HTTP: %s", b.units, float64(ballots)/1e6, name)
		}
		b.table.add(line{what: name, product: millis(p99), asked: "< 50 ms", met: p99 < 50e6})
	}
	for _, c := range []struct {
		name  string
		years survey.Period
	}{{"XLSX of a closed year by unit and factor", year}, {"XLSX of the last 365 days as of now", survey.Period{From: today - 364, To: today + 1}}} {
		took, err := s.ask(ctx, fmt.Sprintf("/api/v1/reports?from=%v&to=%v&format=xlsx", c.years.From, c.years.To), min(b.asked, 5))
		if err != nil {
			return err
		}
		half := float64(took[(len(took)-1)/2])
		b.say("%s: %s", c.name, millis(half))
		b.table.add(line{what: fmt.Sprintf("%s, %d units", c.name, b.units), product: millis(half), asked: "< 2 s", met: half < 2e9})
	}
	return nil
}

// staffCookie lets in whoever asks here, as the province.
const staffCookie = "hailong=bench"

// staff are the sessions, looked up in memory as the server does.
type staff struct{}

func (staff) Session(_ context.Context, cookie string) (access.Person, bool, error) {
	return access.Person{Role: access.Province, Name: "Sở Nội vụ", Session: "bench"}, "hailong="+cookie == staffCookie, nil
}

func (staff) Token(context.Context, string) (access.Person, bool, error) {
	return access.Person{}, false, nil
}

// ask fetches an address some times, one after the other, and gives how long each
// took until its last byte, sorted. The first two are not counted.
func (s *site) ask(ctx context.Context, path string, times int) (took []time.Duration, err error) {
	client := http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	for i := range times + 2 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Cookie", staffCookie)
		start := time.Now()
		answer, err := client.Do(request)
		if err != nil {
			return nil, err
		}
		n, err := io.Copy(io.Discard, answer.Body)
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return nil, err
		}
		if answer.StatusCode != http.StatusOK || n == 0 {
			return nil, fmt.Errorf("%s: status %d", path, answer.StatusCode)
		}
		if i >= 2 {
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	return took, nil
}
