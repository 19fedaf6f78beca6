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

// Language chooses the request's language: ?lang=, else what the browser
// accepts, else Vietnamese. No cookie is set.
func Language(c *fiber.Ctx) locale.Choice {
	h := of(c).h
	if h == nil || h.Catalogue == nil {
		return locale.Choice{}
	}
	if l := h.Catalogue.Language(c.Query("lang")); l != nil {
		return locale.Choice{Language: l, Explicit: true}
	}
	if h.OneLanguage {
		return locale.Choice{Language: h.Catalogue.Languages()[0]}
	}
	return locale.Choice{Language: h.Catalogue.Accept(Copy(c.Get(fiber.HeaderAcceptLanguage)))}
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
}

// NewFrame makes the frame of a page for this request.
func NewFrame(c *fiber.Ctx, title string) Frame {
	f := Frame{L: Language(c), Title: title}
	h := of(c).h
	if h == nil || h.Catalogue == nil {
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
	for _, l := range h.Catalogue.Languages() {
		query.Set("lang", l.Tag)
		f.Switches = append(f.Switches, Switch{Tag: l.Tag, Name: l.Name, Link: path + "?" + query.Encode(), Current: l == f.L.Language})
	}
	return f
}
