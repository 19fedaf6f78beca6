// Package kiosk is the app on the screen at the counter: it takes a scan and a
// tap, has them recorded on its own disk, and thanks. It knows no receipts, and
// needs no network.
package kiosk

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"hailong/internal/capture"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/web"
)

// Options of New. Recorder, Config, Status and Log are required.
type Options struct {
	// Recorder keeps the ratings: the outbox.
	Recorder capture.Recorder
	// IsFull says whether an error of the Recorder means a full disk.
	IsFull func(error) bool
	// Config is what the kiosk was last told by a server. It is called for each
	// rating, and must not wait.
	Config func() Config
	// Status is what the wiring knows of outbox and uplink, for staff.
	Status func(context.Context) (Status, error)
	Log    *slog.Logger
	// Registry takes the metrics; nil: a new one.
	Registry *prometheus.Registry
	Version  string
	// Now is the time; nil: time.Now.
	Now func() time.Time
	// ServerTime is the time by the servers' clocks; false while none told it
	// since this device was started. nil: it is never known.
	ServerTime func() (time.Time, bool)
	// PIN opens the corner of the staff, and /status for programs; "": nobody's does.
	PIN string
	// Enroller has this device let in from the staff's corner; nil: from a
	// terminal alone.
	Enroller Enroller
	// ScreenMM is the screen's width in millimetres as it is mounted; 0: not known.
	ScreenMM int
}

// Config is a kiosk's place, as a server tells it. The zero Config is that of a
// kiosk that never met one: it takes receipts only.
type Config struct {
	Desk               string // code; walk-ins are counted there
	DeskName, UnitName string // in Vietnamese
	DeskEN, UnitEN     string // may be empty
	SealKey            *[32]byte
	Patterns           receipt.Patterns      // forms of dossier codes; nil: the usual ones
	Service            survey.Service        // of the desk
	Sheet              *survey.Questionnaire // in force; nil: the overall question alone
	Languages          []string              // offered, BCP 47; none: Vietnamese and English
	Hours              survey.Hours          // of the desk
	// For how many days comments and contact data are kept; 0: as usual.
	KeepComments, KeepContacts int
	PublicURL                  string // what citizens' phones reach; "": not told
}

// Status is what staff see. Zero times are not known.
type Status struct {
	Kiosk         string        // name of the device
	Origin        string        // 32 hexadecimal digits
	Admitted      bool          // a server said that what this kiosk records counts
	Backlog       int64         // facts that not every listed server holds
	OldestUnsent  time.Time     // the first of them
	WordsUnsent   int64         // comments and wishes to be contacted that are not sent yet
	LastContact   time.Time     // with any server
	ClockOffset   time.Duration // this device's clock minus the server's
	ClockKnown    bool          // ClockOffset was measured since the start
	StorageError  string        // last failure of the disk, for operators; "" while it works
	StorageFailed time.Time
	Facts         int64  // held in the outbox
	Bytes         int64  // on the disk
	Fingerprint   string // of the device's key
	Enrolled      bool   // a server gave it a credential
	Server        string // whom it asks for one; "": nobody yet
}

// app is the kiosk's state, which is none of any person's: see sittings.
type app struct {
	Options
	capture   *capture.Capture
	views     *httpx.Views
	catalogue *locale.Catalogue
	sittings  *sittings
	versions  versions
	corner    *corner
}

// New makes the app. It does not listen.
func New(o Options) (*fiber.App, error) {
	if o.Recorder == nil || o.Config == nil || o.Status == nil || o.Log == nil {
		return nil, errors.New("kiosk: Recorder, Config, Status and Log are required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ServerTime == nil {
		o.ServerTime = func() (time.Time, bool) { return time.Time{}, false }
	}
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		return nil, err
	}
	assets, err := httpx.NewAssets(web.Assets(), web.Dist())
	if err != nil {
		return nil, err
	}
	views, err := httpx.NewViews(web.Templates(), assets, "kiosk", "error")
	if err != nil {
		return nil, err
	}
	a := &app{Options: o, views: views, catalogue: catalogue, sittings: newSittings(o.Now), corner: newCorner(o.PIN, o.Now)}
	a.capture = capture.New(capture.Options{
		Recorder: o.Recorder, Channel: survey.ChannelKiosk, IsFull: o.IsFull, Now: o.Now,
		Desk:    func() string { return o.Config().Desk },
		SealKey: func() *[32]byte { return o.Config().SealKey }, Patterns: func() receipt.Patterns { return o.Config().Patterns },
		Questionnaire: a.versions.get,
	})
	f := httpx.New(httpx.Options{
		Log: o.Log, AccessLevel: slog.LevelDebug, Catalogue: catalogue, OneLanguage: true,
		Views: views, Assets: assets, BodyLimit: 64 << 10, Registry: o.Registry, Ready: a.ready, Camera: true,
	})
	f.Get("/", a.showStart)
	f.Post("/scan", a.saveScan)
	f.Post("/rate", a.saveRate)
	f.Get("/thanks", a.showThanks)
	f.Get("/privacy", a.showPrivacy)
	f.Get("/state", a.showState)
	f.Get("/staff", a.showPIN)
	f.Post("/staff", a.openCorner)
	f.Post("/staff/scan", a.tryScan)
	if o.Enroller != nil {
		f.Post("/staff/enrol", a.enrol)
		f.Get("/staff/enrol/:ticket", a.showEnrol)
	}
	f.Get("/staff/status/:ticket", a.showCorner)
	f.Get("/status", a.showStatus)
	f.Post("/api/v1/scans", a.apiScan)
	f.Post("/api/v1/ratings", a.apiRate)
	f.Post("/api/v1/withdrawals", a.apiWithdraw)
	f.Post("/api/v1/proofs", a.apiProof)
	return f, nil
}

// ready is false while ratings can't be recorded.
func (a *app) ready(context.Context) error {
	if t, ok := a.capture.Trouble(); ok {
		return t.Err
	}
	return nil
}
