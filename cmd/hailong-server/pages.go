package main

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"hailong/internal/capture"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/receipt"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/api"
	"hailong/server/index"
	"hailong/server/organisation"
	"hailong/server/page"
	"hailong/server/phone"
	"hailong/server/projection"
	"hailong/server/proof"
	"hailong/server/prooflog"
	"hailong/server/register"
	"hailong/web"
)

// pages is what of the pages the rest of the server speaks to.
type pages struct {
	hub  *page.Hub
	gate *access.Guard
	live context.Context // until the pages end
	stop context.CancelFunc
}

// changed tells live pages what a commit touched.
func (p *pages) changed(c projection.Change) {
	switch {
	case p.hub == nil:
	case c.Org:
		p.gate.Changed()
		p.hub.Changed()
	case len(c.Desks) > 0:
		p.hub.Changed(c.Desks...)
	}
}

// close ends live pages, which would keep their connections for ever.
func (p *pages) close() {
	if p.stop != nil {
		p.stop()
	}
}

// wire makes the app with every page and route of the server.
func (s *server) wire(ctx context.Context) error {
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		return err
	}
	assets, err := httpx.NewAssets(web.Assets(), web.Dist())
	if err != nil {
		return err
	}
	views, err := httpx.NewViews(web.Templates(), assets)
	if err != nil {
		return err
	}
	x := index.Open(s.proj.Reader(), time.Now)
	x.UseClosed(s.closed.Reader())
	s.app = httpx.New(httpx.Options{
		Log: s.log, Catalogue: catalogue, Views: views, Assets: assets, Registry: s.metrics(x), Ready: s.ready,
		BodyLimit: register.MaxCSV, HTTPS: s.tlsPages, TrustedProxies: s.c.TrustedProxy,
	})
	gate, err := s.guard(x)
	if err != nil {
		return err
	}
	live, stop := context.WithCancel(context.Background())
	s.pages = pages{hub: page.NewHub(x, s.log), gate: gate, live: live, stop: stop}
	go s.pages.hub.Run(live)
	deps := page.Deps{Index: x, Views: views, Hub: s.pages.hub, Log: s.log, System: s.system,
		Comment: s.comment, Heard: s.follower.Heard, Map: s.areas, Checkpoint: s.shown}
	page.Register(s.app, deps)
	if err := s.registerReports(deps, catalogue, x); err != nil {
		return err
	}
	phone.Register(s.app, phone.Deps{
		Receipts: receipts{s.proj}, Questionnaires: questionnaires{s.proj}, Views: views, Key: s.keys.Page(), Misses: httpx.NewMisses(s.log), Now: time.Now, Data: receiptData{x},
		Languages: s.languages,
		Capture: capture.New(capture.Options{
			Recorder: s, Channel: survey.ChannelPhone, IsFull: sqlite.IsFull, SealKey: func() *[32]byte { public := s.keys.Public(); return &public }, NoCodes: true,
			Questionnaire: func(version uint16) *survey.Questionnaire {
				q, err := s.proj.Questionnaire(live, version)
				if err != nil {
					s.log.Warn("a version of the questionnaire", "error", err)
				}
				return q
			},
		}),
	})
	proof.Register(s.app, proof.Deps{Log: s.proofs, Views: views, Languages: s.languages,
		Find: func(ctx context.Context, code receipt.Proof) (prooflog.Found, error) {
			return prooflog.Find(ctx, s.proj.Reader(), s.keys, code)
		}})
	if err := s.registerAPI(ctx, views, x); err != nil {
		return err
	}
	if err := s.registerSignIn(views, s.recorder); err != nil {
		return err
	}
	s.registerTexts(views, s.recorder)
	s.registerAudit(views)
	return gate.Install(s.app) // before each route that is there by now
}

// languages are those that citizens' pages offer.
func (s *server) languages(ctx context.Context) ([]string, error) {
	set, err := s.proj.Setting(ctx, organisation.SettingLanguages)
	return organisation.Languages(set), err
}

// registerAPI adds the programs' interface.
func (s *server) registerAPI(ctx context.Context, views *httpx.Views, x *index.Index) error {
	reg, err := register.New(ctx, register.Options{
		Recorder: s.recorder, Backlog: s.outbox, Projection: s.proj, Keys: s.keys, DB: s.proj.Reader(), BaseURL: s.c.PublicURL,
	})
	if err != nil {
		return err
	}
	api.RegisterIndex(s.app, x)
	api.RegisterClosed(s.app, x)
	api.RegisterExport(s.app, s.ballots, s.recorder.Note)
	devices, err := s.registerEnrol(reg)
	if err != nil {
		return err
	}
	s.registerAdmin(views, x, reg, devices)
	api.RegisterAccounts(s.app, s.accounts, strings.TrimRight(s.c.PublicURL, "/"))
	api.Register(s.app, api.Deps{Register: reg, Views: views, Now: time.Now})
	return nil
}

// ready says whether this server can record.
func (s *server) ready(ctx context.Context) error {
	stats, err := s.outbox.Stats(ctx)
	if err != nil {
		return err
	}
	if stats.Failing {
		return stats.LastError
	}
	return nil
}

// receipts tells the phone page what is known of a receipt.
type receipts struct{ p *projection.Projection }

func (r receipts) Lookup(ctx context.Context, hash [32]byte) (phone.Known, error) {
	k, ok, err := r.p.LookupReceipt(ctx, hash)
	if err != nil || !ok {
		return phone.Known{}, err
	}
	return phone.Known{
		Found: true, DeskName: k.DeskName, DeskEN: k.DeskEN, UnitName: k.UnitName, UnitEN: k.UnitEN,
		Service: survey.Service(k.Service), Step: survey.Step(k.Step), Officer: k.Officer,
		Received: survey.DayOfMilli(k.Received), WindowOpen: time.Now().UnixMilli() <= k.Closes, Until: survey.DayOfMilli(k.Closes),
	}, nil
}

// questionnaires tells the phone page what is asked.
type questionnaires struct{ p *projection.Projection }

func (q questionnaires) InForce(ctx context.Context) (*survey.Questionnaire, error) {
	v, _, err := q.p.InForce(ctx, survey.DayOf(time.Now()))
	return v.Questionnaire, err
}

func (q questionnaires) Version(ctx context.Context, number uint16) (*survey.Questionnaire, error) {
	return q.p.Questionnaire(ctx, number)
}

// system is what the operators' page shows beside what the projection knows.
func (s *server) system(ctx context.Context) []page.Fact {
	u, err := s.uplink.Status(ctx)
	if err != nil {
		s.log.Warn("status of the uplink", "error", err)
	}
	connected := page.Fact{Name: "Kết nối NATS", NameEN: "NATS connection", Value: "tốt", ValueEN: "good"}
	if !u.Connected {
		connected.Value, connected.ValueEN, connected.Alarm = "đang mất", "down", true
	}
	disk := page.Fact{Name: "Bản sao thứ hai của luồng", NameEN: "Second copy of the stream", Value: "có", ValueEN: "yes"}
	if !s.streamApart() {
		disk.Value, disk.ValueEN = "không", "no"
		disk.Note, disk.NoteEN = "Chỉ có một ổ đĩa; nên đặt --stream-dir trên ổ đĩa khác.", "One disk is all there is: put --stream-dir on another disk."
	}
	vi := formatted(s.proj.Dropped())
	dropped := page.Fact{Name: "Gói tin bị bỏ (sai chữ ký hoặc hỏng)", NameEN: "Batches dropped (signature or encoding)", Value: vi, ValueEN: vi, Alarm: s.proj.Dropped() > 0}
	unsent := formatted(int64(u.Unsent))
	return append([]page.Fact{
		{Name: "Máy chủ", NameEN: "Server", Value: s.c.Name, ValueEN: s.c.Name}, connected, disk, dropped,
		{Name: "Bản ghi của máy chủ chưa gửi", NameEN: "Own facts not sent", Value: unsent, ValueEN: unsent},
	}, s.wordsFacts(u.WordsUnsent)...)
}

// metrics registers what operators watch.
func (s *server) metrics(x *index.Index) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter := func(name, help string, fn func() float64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "hailong", Name: name, Help: help}, fn))
	}
	counter("facts_stored_total", "Facts that this process stored in the projection.", func() float64 { return float64(s.proj.Facts()) })
	counter("batches_dropped_total", "Batches not validly signed or not decodable.", func() float64 { return float64(s.proj.Dropped()) })
	counter("uplink_facts_total", "Own facts that the stream took.", func() float64 {
		st, err := s.uplink.Status(context.Background())
		if err != nil {
			return math.NaN()
		}
		return float64(st.Facts)
	})
	r.MustRegister(&statusCollector{x: x})
	s.wordsMetrics(r)
	return r
}

// statusCollector asks the database when it is scraped.
type statusCollector struct{ x *index.Index }

var alarmDesc = prometheus.NewDesc("hailong_set_aside", "What the projection set aside or lets wait, by kind.", []string{"kind"}, nil)

func (c *statusCollector) Describe(ch chan<- *prometheus.Desc) { ch <- alarmDesc }

func (c *statusCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	st, err := c.x.Status(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(alarmDesc, err)
		return
	}
	waiting := 0
	for _, o := range st.Origins {
		if o.Waits() {
			waiting++
		}
	}
	for kind, n := range map[string]float64{
		"fork": float64(len(st.Forks)), "gap": float64(len(st.Gaps)), "quarantine": float64(st.Quarantined), "origin_waiting": float64(waiting),
		"ballot_waiting": float64(st.Waiting), "undated": float64(st.Undated), "held": float64(st.Held),
	} {
		ch <- prometheus.MustNewConstMetric(alarmDesc, prometheus.GaugeValue, n, kind)
	}
}

// formatted writes a count as Vietnamese write it.
func formatted(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}
