package httpx

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/gofiber/fiber/v2"
)

// policy lets a page load from its own host only, and run no inline script or
// style. Images may be data: because styles of @tabler/core hold theirs so.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// always are the headers of every answer, with names as they are sent: to bring
// these names into that form costs more than all else here. No referrer is sent:
// the address of a receipt's page holds its id.
var always = [][2][]byte{
	{[]byte("X-Content-Type-Options"), []byte("nosniff")},
	{[]byte("Referrer-Policy"), []byte("no-referrer")},
	{[]byte("Cross-Origin-Opener-Policy"), []byte("same-origin")},
	{[]byte("Cross-Origin-Resource-Policy"), []byte("same-origin")},
}

var (
	requestID         = []byte("X-Request-Id")
	contentPolicy     = []byte("Content-Security-Policy")
	permissionsPolicy = []byte("Permissions-Policy")
	onlyHTTPS         = []byte("Strict-Transport-Security")
	forAYear          = []byte("max-age=31536000")

	closed      = [2][]byte{[]byte(policy), []byte("camera=(), microphone=(), geolocation=()")}
	withCameras = [2][]byte{
		[]byte(strings.Replace(policy, "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", 1)),
		[]byte("camera=(self), microphone=(), geolocation=()"),
	}
)

// secure sets the headers that every answer bears.
func (h *handler) secure(c *fiber.Ctx, id string) {
	header, may := &c.Response().Header, closed
	if h.Camera {
		may = withCameras
	}
	header.SetCanonical(requestID, []byte(id))
	header.SetCanonical(contentPolicy, may[0])
	header.SetCanonical(permissionsPolicy, may[1])
	if h.HTTPS {
		header.SetCanonical(onlyHTTPS, forAYear)
	}
	for _, f := range always {
		header.SetCanonical(f[0], f[1])
	}
}

// crossSite says whether another site's page sends this request to change
// something here. Programs send no such header; every browser in use does.
func crossSite(c *fiber.Ctx) bool {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return false
	}
	switch c.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return true
}

// compressed says whether the body would have to be unpacked: Fiber does so to
// any size, so that a few kilobytes from a stranger could fill the memory.
func compressed(c *fiber.Ctx) bool {
	for _, encoding := range c.Request().Header.PeekAll(fiber.HeaderContentEncoding) {
		if len(encoding) > 0 {
			return true
		}
	}
	return false
}

// ids gives references for requests: random for the process, then a counter.
type ids struct {
	prefix string
	count  atomic.Uint64
}

func newIDs() *ids {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return &ids{prefix: hex.EncodeToString(b[:]) + "-"}
}

func (i *ids) next() string {
	return i.prefix + strconv.FormatUint(i.count.Add(1), 36)
}
