package httpx

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/locale"
)

// Copy gives a string of its own: what Fiber hands out is used anew once the
// handler has returned.
func Copy(s string) string { return strings.Clone(s) }

// Param is a copy of a parameter of the route.
func Param(c *fiber.Ctx, name string) string { return Copy(c.Params(name)) }

// offerKey is where the languages that a page offers are kept in Fiber's locals.
type offerKey struct{}

// Offer names the languages of this request's page by their tags, for Language,
// NewFrame and the page of an error. Vietnamese is always one. Without it the
// languages that have every message are offered.
func Offer(c *fiber.Ctx, tags ...string) {
	if h := of(c).h; h != nil && h.Catalogue != nil {
		c.Locals(offerKey{}, h.Catalogue.Only(tags...))
	}
}

// homeKey is where Home is kept in Fiber's locals.
type homeKey struct{}

// Home says to which path of ours the page of an error leads back; without it,
// to "/".
func Home(c *fiber.Ctx, path string) { c.Locals(homeKey{}, path) }

// offered is the catalogue with the languages of this request's page; nil where
// the app has none.
func offered(c *fiber.Ctx) *locale.Catalogue {
	if chosen, ok := c.Locals(offerKey{}).(*locale.Catalogue); ok {
		return chosen
	}
	if h := of(c).h; h != nil {
		return h.whole
	}
	return nil
}

// Language chooses the request's language of those offered: ?lang=, else what
// the browser accepts, else Vietnamese. No cookie is set.
func Language(c *fiber.Ctx) locale.Choice {
	offer := offered(c)
	if offer == nil {
		return locale.Choice{}
	}
	if l := offer.Language(c.Query("lang")); l != nil {
		return locale.Choice{Language: l, Explicit: true}
	}
	if of(c).h.OneLanguage {
		return locale.Choice{Language: offer.Languages()[0]}
	}
	return locale.Choice{Language: offer.Accept(Copy(c.Get(fiber.HeaderAcceptLanguage)))}
}

// Switch is a link to the same page in another language.
type Switch struct {
	Tag, Name string // Name in the language itself
	Link      string
	Current   bool
}

// Frame is what every page's data begins with.
type Frame struct {
	// L is the page's language; templates write {{.L.T "key"}}.
	L        locale.Choice
	Title    string
	Switches []Switch
	Who      *Who // who has signed in; nil: nobody
}

// NewFrame makes the frame of a page for this request.
func NewFrame(c *fiber.Ctx, title string) Frame {
	f := Frame{L: Language(c), Title: title, Who: who(c)}
	offer := offered(c)
	if offer == nil {
		return f
	}
	query := url.Values{}
	if c.Method() == fiber.MethodGet {
		c.Context().QueryArgs().VisitAll(func(k, v []byte) {
			if string(k) != "lang" {
				query.Add(string(k), string(v))
			}
		})
	}
	path := (&url.URL{Path: Copy(c.Path())}).EscapedPath()
	for _, l := range offer.Languages() {
		query.Set("lang", l.Tag)
		f.Switches = append(f.Switches, Switch{Tag: l.Tag, Name: l.Name, Link: path + "?" + query.Encode(), Current: l == f.L.Language})
	}
	return f
}
