package page_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/index"
	"hailong/server/page"
	"hailong/server/projection/schema"
	"hailong/web"
)

// The site is a server of the staff pages on a database that was filled by
// hand, at nine in the morning of a Monday.
type site struct {
	t    testing.TB
	db   *sqlite.DB
	hub  *page.Hub
	base string
	now  time.Time
	as   fiber.Handler // whose requests they are; at first the province's

	comments map[[32]byte]string
	heard    map[string]time.Time // by public key
}

var monday = survey.NewDay(2026, time.November, 23)

type say struct {
	query string
	args  []any
}

func row(query string, args ...any) say { return say{query, args} }

func (s *site) write(rows ...say) {
	s.t.Helper()
	if slices.ContainsFunc(rows, func(r say) bool { return strings.Contains(r.query, "_day ") || strings.Contains(r.query, " block ") }) {
		for _, query := range schema.Months {
			rows = append(rows, row(query))
		}
	}
	err := s.db.Write(context.Background(), func(tx *sqlite.Tx) error {
		prepared := map[string]*sql.Stmt{}
		for _, r := range rows {
			st := prepared[r.query]
			if st == nil {
				var err error
				if st, err = tx.Conn.PrepareContext(context.Background(), r.query); err != nil {
					return err
				}
				defer st.Close()
				prepared[r.query] = st
			}
			if _, err := st.Exec(r.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// logged makes a warning of the pages a failure of the test.
type logged struct{ t testing.TB }

func (l logged) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "level=WARN") || strings.Contains(string(p), "level=ERROR") {
		l.t.Errorf("logged: %s", p)
	}
	return len(p), nil
}

func newSite(t testing.TB, with ...func(*page.Deps)) *site {
	t.Helper()
	s := &site{t: t, as: access.As(access.Person{Role: access.Province}, access.Places{}), comments: map[[32]byte]string{}, heard: map[string]time.Time{}, now: monday.Start().Add(9*time.Hour + 20*time.Minute)}
	var err error
	s.db, err = sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "server.db"), schema.Files, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	assets, err := httpx.NewAssets(web.Assets(), web.Dist())
	if err != nil {
		t.Fatal(err)
	}
	views, err := httpx.NewViews(web.Templates(), assets)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(logged{t}, nil))
	x := index.Open(s.db.Read(), func() time.Time { return s.now })
	s.hub = page.NewHub(x, log)
	app := httpx.New(httpx.Options{Log: log, Catalogue: catalogue, Views: views, Assets: assets})
	deps := page.Deps{Index: x, Views: views, Hub: s.hub, Log: log, Now: func() time.Time { return s.now },
		Comment: func(_ context.Context, digest [32]byte) (string, bool, error) {
			c, ok := s.comments[digest]
			return c, ok, nil
		},
		Heard: func(public []byte) (last, since time.Time) { return s.heard[string(public)], s.now.Add(-time.Hour) }}
	for _, set := range with {
		set(&deps)
	}
	app.Use(func(c *fiber.Ctx) error { return s.as(c) })
	page.Register(app, deps)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.base = "http://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ran, served := make(chan struct{}), make(chan error, 1)
	go func() { defer close(ran); s.hub.Run(ctx) }()
	go func() { served <- app.Listener(listener) }()
	t.Cleanup(func() {
		cancel()
		<-ran
		http.DefaultClient.CloseIdleConnections()
		if err := app.ShutdownWithTimeout(10 * time.Second); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := s.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const (
	insertKind    = `INSERT INTO unit_kind VALUES (?, ?, ?)`
	insertUnit    = `INSERT INTO unit VALUES (?, ?, ?, ?, ?, ?, 0, 0)`
	insertDesk    = `INSERT INTO desk VALUES (?, ?, ?, ?, ?, ?)`
	insertKiosk   = `INSERT INTO kiosk VALUES (?, ?, ?)`
	insertTarget  = `INSERT INTO target VALUES (?, '', ?, 0, 1, ?)`
	insertCell    = `INSERT INTO cell VALUES (?, ?, ?, ?)`
	insertCellDay = `INSERT INTO cell_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertBlock   = `INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertWalkIn  = `INSERT INTO walkin_day VALUES (?, ?, ?, ?, ?, ?, ?)`
	insertHour    = `INSERT OR REPLACE INTO desk_hour VALUES (?, ?, ?, ?)`
	insertDossier = `INSERT INTO dossier_day VALUES (?, ?, ?, ?, ?)`
	insertOrigin  = `INSERT INTO origin VALUES (?, ?, x'01', x'02', ?, ?, ?, x'03', ?, ?)`
)

// sampleUnits are some of the seed's: kind, code, name, English name, mean
// ballots a working day, share satisfied.
var sampleUnits = []struct {
	kind, code, name, en string
	mean                 float64
	rate                 float64
}{
	{"so", "H41.01", "Sở Kế hoạch và Đầu tư", "Department of Planning and Investment", 14, .975},
	{"so", "H41.02", "Sở Tài nguyên và Môi trường", "Department of Natural Resources", 22, .921},
	{"so", "H41.03", "Sở Xây dựng", "Department of Construction", 9, .955},
	{"so", "H41.04", "Sở Giao thông Vận tải", "Department of Transport", 31, .968},
	{"so", "H41.05", "Sở Tài chính", "Department of Finance", .2, .9},
	{"so", "H41.06", "Văn phòng UBND tỉnh", "Office of the Provincial People's Committee", 3, .94},
	{"tp", "H41.07", "UBND Thành phố Vinh", "People's Committee of Vinh City", 46, .962},
	{"phuong", "H41.07.01", "Phường Bến Thủy", "Bến Thủy Ward", 6, .93},
	{"phuong", "H41.07.02", "Phường Hà Huy Tập", "Hà Huy Tập Ward", 7, .89},
	{"phuong", "H41.07.03", "Phường Hưng Dũng", "Hưng Dũng Ward", 5, .95},
	{"phuong", "H41.07.04", "Phường Lê Lợi", "Lê Lợi Ward", 4, .91},
	{"phuong", "H41.07.05", "Phường Quang Trung", "Quang Trung Ward", 3, .97},
	{"phuong", "H41.07.06", "Phường Trường Thi", "Trường Thi Ward", 4, .84},
	{"xa", "H41.07.17", "Xã Hưng Lộc", "Hưng Lộc Commune", 2, .94},
	{"xa", "H41.07.18", "Xã Nghi Phú", "Nghi Phú Commune", 1.2, .9},
	{"xa", "H41.07.19", "Xã Nghi Kim", "Nghi Kim Commune", .3, .95},
	{"sn", "H41.07.30", "Bệnh viện Đa khoa Thành phố Vinh", "Vinh City General Hospital", 27, .912},
	{"sn", "H41.07.31", "Trường THCS Hưng Bình", "Hưng Bình Secondary School", 2, .95},
}

// fill makes half a year of plausible days.
func (s *site) fill() {
	r := rand.New(rand.NewPCG(7, 9))
	rows := []say{
		row(insertKind, "so", "Sở, ban, ngành", "Department"), row(insertKind, "tp", "Thành phố", "City"),
		row(insertKind, "phuong", "Phường", "Ward"), row(insertKind, "xa", "Xã", "Commune"),
		row(insertKind, "sn", "Đơn vị sự nghiệp", "Public unit"),
		row(insertTarget, "so", 1, 9500), row(insertTarget, "tp", 1, 9500), row(insertTarget, "phuong", 1, 9000),
		row(insertTarget, "xa", 1, 9000), row(insertTarget, "sn", 2, 9000),
		row(`INSERT INTO setting VALUES ('sample', 'true')`),
	}
	for i, u := range sampleUnits {
		id, desk := int64(i+1), int64(i+101)
		service, name := 1, "Bộ phận Tiếp nhận và Trả kết quả"
		if u.kind == "sn" {
			service, name = 2, "Nơi đánh giá"
		}
		code := "D" + u.code
		rows = append(rows, row(insertUnit, u.code, id, u.name, u.en, u.kind, ""),
			row(insertDesk, code, desk, u.code, name, map[bool]string{true: "Rating place", false: "One-stop desk"}[u.kind == "sn"], service),
			row(insertKiosk, fmt.Sprintf("K%02d", 2*i+1), code, "Quầy 1"), row(insertKiosk, fmt.Sprintf("K%02d", 2*i+2), code, "Quầy 2"), row(insertCell, id, id, service, desk))
		var open [8]int64 // of the days that are in no block yet
		begin := survey.Day(0)
		for d := monday - 180; d <= monday; d++ {
			mean := u.mean
			switch {
			case d.Weekday() == time.Sunday:
				continue
			case d.Weekday() == time.Saturday:
				mean /= 4
			case d == monday:
				mean /= 3
			}
			var n, w survey.Counts
			for range int(mean*(.6+.8*r.Float64()) + r.Float64()) {
				if r.Float64() < u.rate {
					n[4-min(1, r.IntN(3)/2)]++
				} else {
					n[[]int{2, 2, 2, 1, 1, 0}[r.IntN(6)]]++
				}
			}
			for range r.IntN(3) {
				w[3+r.IntN(2)]++
			}
			a := n.Answers()
			phone, typed, changed := a/4, a/9, a/15
			if open == ([8]int64{}) {
				begin = d
			}
			for i, v := range [8]int64{n[0], n[1], n[2], n[3], n[4], a - phone, a - typed, changed} {
				open[i] += v
			}
			if o := open; o[0]+o[1]+o[2]+o[3]+o[4] >= survey.LeastShown {
				rows = append(rows, row(insertBlock, id, d, begin, o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]))
				open = [8]int64{}
			}
			rows = append(rows, row(insertCellDay, id, d, n[0], n[1], n[2], n[3], n[4], a-phone, a-typed, changed),
				row(insertWalkIn, desk, d, w[0], w[1], w[2], w[3], w[4]),
				row(insertDossier, id, service, d, a*5/2+2, a))
			if d == monday {
				rows = append(rows, row(insertHour, desk, d, 7, a/3), row(insertHour, desk, d, 8, a-a/3-a/6), row(insertHour, desk, d, 9, a/6))
			}
		}
	}
	at := s.now.UnixMilli()
	for i, o := range []struct {
		role int
		name string
	}{{2, "server-1"}, {1, "K01"}, {1, "K02"}, {1, "K13"}, {1, "K14"}, {1, "K33"}} {
		id := make([]byte, 16)
		for j := range id {
			id[j] = byte(r.IntN(256))
		}
		head := 1200 + r.IntN(9000)
		applied := head
		if i == 5 {
			applied = 0
		}
		rows = append(rows, row(insertOrigin, i+1, id, o.role, o.name, head, applied, at-int64(i)*47000))
	}
	rows = append(rows, row(`INSERT INTO aside VALUES (4, 20000, x'01', x'02', x'03')`),
		row(`INSERT INTO quarantine VALUES (?, 'fact: refused: score out of 1–5')`, 2<<40|311),
		row(`INSERT INTO ballot (id, key, ratings) VALUES (1, x'01', 1), (2, x'02', 1)`),
		row(`INSERT INTO cursor VALUES (1, ?, 48213, x'00')`, s.now.Add(-4000*time.Hour).UnixNano()))
	s.write(rows...)
}
