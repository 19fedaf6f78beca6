// Package httpx is the Fiber set-up that kiosk and server share: limits, one
// error handler, languages, pages, static files, health and metrics. Strings
// that it hands out are copies: Fiber uses its own anew after a handler returns.
package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hailong/internal/locale"
	"hailong/internal/survey"
)

// DefaultBodyLimit is the greatest body in bytes where Options names no other.
const DefaultBodyLimit = 64 << 10

// Options are what New needs. Catalogue and Log are required.
type Options struct {
	Log *slog.Logger
	// AccessLevel is the level of the line logged for each request that did not
	// fail on our side.
	AccessLevel slog.Level
	Catalogue   *locale.Catalogue
	// OneLanguage is for devices whose browser nobody sets up: the address
	// chooses the language, the browser's own wish does not.
	OneLanguage bool
	Views       *Views  // nil: errors are plain text
	Assets      *Assets // nil: no /static/
	BodyLimit   int     // bytes; 0: DefaultBodyLimit
	// Registry takes the metrics and is shown at /metrics; nil: a new one.
	Registry *prometheus.Registry
	// Ready says whether /readyz answers 200; nil: always. The error is logged
	// and, where it is a survey.Error, shown.
	Ready func(context.Context) error
	// TrustedProxies are the networks of proxies whose X-Forwarded-For is
	// believed; none: nobody's is.
	TrustedProxies []netip.Prefix
	// Public hides /metrics, for a listener that strangers reach.
	Public bool
	// HTTPS tells browsers to come by https alone: the listener speaks TLS.
	HTTPS bool
	// Camera lets pages use the device's camera, and run the compiled program
	// that reads codes in its pictures.
	Camera bool
}

// New makes an app with /healthz, /readyz, /metrics and /static/. It sets no
// write timeout: server-sent events would be cut.
func New(o Options) *fiber.App {
	if o.BodyLimit == 0 {
		o.BodyLimit = DefaultBodyLimit
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	h := &handler{Options: o, meter: newMeter(o.Registry), ids: newIDs()}
	if o.Catalogue != nil {
		h.whole = o.Catalogue.Whole()
	}
	app := fiber.New(fiber.Config{
		AppName:               "hailong",
		BodyLimit:             o.BodyLimit,
		ReadTimeout:           30 * time.Second,
		IdleTimeout:           2 * time.Minute,
		ReadBufferSize:        8 << 10,
		DisableStartupMessage: true,
		UnescapePath:          true,
		// Nothing here takes such forms: a wrong content type like any other.
		DisablePreParseMultipartForm: true,
		ErrorHandler:                 h.outside,
	})
	app.Use(h.around)
	app.Get("/healthz", func(c *fiber.Ctx) error { return plain(c, fiber.StatusOK, "ok\n") })
	app.Get("/readyz", h.ready)
	if !o.Public {
		app.Get("/metrics", adaptor.HTTPHandler(promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{})))
	}
	if o.Assets != nil {
		app.Get("/static/*", o.Assets.serve)
	}
	return app
}

// handler is what every request passes through.
type handler struct {
	Options
	meter *meter
	ids   *ids
	whole *locale.Catalogue // Catalogue, with the whole languages alone; nil where there is none
}

// localKey is where the request's handler and id are kept in Fiber's locals.
type localKey struct{}

// request is what is known of a request beside Fiber's context.
type request struct {
	h  *handler
	id string
}

func of(c *fiber.Ctx) request {
	r, _ := c.Locals(localKey{}).(request)
	return r
}

// around gives the request its id and headers, turns errors and panics into
// answers, counts and logs.
func (h *handler) around(c *fiber.Ctx) error {
	start := time.Now()
	r := request{h: h, id: h.ids.next()}
	c.Locals(localKey{}, r)
	h.secure(c, r.id)
	err := h.guarded(c)
	known := true
	if err != nil {
		var fe *fiber.Error
		known = !errors.As(err, &fe)
		h.answer(c, err)
	}
	h.done(c, known, time.Since(start))
	return nil
}

func (h *handler) guarded(c *fiber.Ctx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("httpx: panic: %v\n%s", p, debug.Stack())
		}
	}()
	if ambiguous(c) {
		c.Context().SetConnectionClose()
		return survey.New(survey.CodeBadRequest)
	}
	if crossSite(c) {
		return survey.New(survey.CodeCrossSite)
	}
	if compressed(c) {
		return survey.New(survey.CodeCompressed)
	}
	return c.Next()
}

// done counts and logs. The route's pattern is logged, never the path: paths
// hold the ids of receipts.
func (h *handler) done(c *fiber.Ctx, known bool, took time.Duration) {
	route := "-"
	if known {
		route = c.Route().Path
	}
	status, method := c.Response().StatusCode(), c.Method()
	h.meter.observe(method, route, status, took)
	level := h.AccessLevel
	if status >= fiber.StatusInternalServerError {
		level = slog.LevelWarn
	}
	if ctx := c.UserContext(); h.Log.Enabled(ctx, level) {
		size := -1 // a stream, which to measure would be to wait for its end
		if !c.Response().IsBodyStream() {
			size = len(c.Response().Body())
		}
		h.Log.LogAttrs(ctx, level, "request",
			slog.String("id", of(c).id), slog.String("method", Copy(method)), slog.String("route", route),
			slog.Int("status", status), slog.Duration("took", took), slog.Int("bytes", size))
	}
}

// outside answers what went wrong before a handler was reached, such as a body
// over the limit.
func (h *handler) outside(c *fiber.Ctx, err error) error {
	r := request{h: h, id: h.ids.next()}
	c.Locals(localKey{}, r)
	h.secure(c, r.id)
	h.answer(c, err)
	if status := c.Response().StatusCode(); status == fiber.StatusRequestEntityTooLarge || status == fiber.StatusRequestHeaderFieldsTooLarge {
		linger(c.Context().Conn())
	}
	h.done(c, false, 0)
	return nil
}

// Bounds of linger.
const (
	lingerIdle  = 200 * time.Millisecond
	lingerTime  = 5 * time.Second
	lingerBytes = 64 << 20
)

// linger takes in what the other side is still sending, within bounds: to close
// a connection on unread data resets it, and the answer would be lost.
func linger(conn net.Conn) {
	end := time.Now().Add(lingerTime)
	buffer := make([]byte, 32<<10)
	for most := lingerBytes; most > 0 && time.Now().Before(end); {
		if conn.SetReadDeadline(time.Now().Add(lingerIdle)) != nil {
			return
		}
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		most -= n
	}
}

func (h *handler) ready(c *fiber.Ctx) error {
	if h.Ready == nil {
		return plain(c, fiber.StatusOK, "ready\n")
	}
	err := h.Ready(c.UserContext())
	if err == nil {
		return plain(c, fiber.StatusOK, "ready\n")
	}
	e := survey.ErrorOf(err)
	if e.Code == survey.CodeInternal {
		h.Log.Warn("not ready", "error", err)
		e = survey.New(survey.CodeUnavailable)
	}
	return plain(c, fiber.StatusServiceUnavailable, "not ready: "+string(e.Code)+" "+e.MessageEN+"\n")
}

func plain(c *fiber.Ctx, status int, text string) error {
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(status).SendString(text)
}
