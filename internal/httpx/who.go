package httpx

import "github.com/gofiber/fiber/v2"

// Who is the person who has signed in, as far as pages show it. A nil Who is
// nobody, who may nothing.
type Who struct {
	Name           string // for people
	Role           string // name of the role, such as "unit"
	Place, PlaceEN string // name of the person's unit or desk; "": the whole province
	Home           string // path of the page that the person begins with
	// CSRF is what a form that changes something must carry in its field "csrf":
	// the template {{template "csrf" .}} writes it. It is taken out before a
	// handler reads the form.
	CSRF   string
	MayGet func(path string) bool // as May
}

// May says whether the person may get the pages of a route, such as
// "/desk/:code", somewhere at least: what a page may link to.
func (w *Who) May(path string) bool { return w != nil && w.MayGet(path) }

// PlaceIn is the name of the person's unit or desk in a language.
func (w *Who) PlaceIn(tag string) string {
	if tag == "en" && w.PlaceEN != "" {
		return w.PlaceEN
	}
	return w.Place
}

// whoKey is where SetWho keeps it in Fiber's locals.
type whoKey struct{}

// SetWho says who asks; the frame of this request's page shows it.
func SetWho(c *fiber.Ctx, w *Who) { c.Locals(whoKey{}, w) }

func who(c *fiber.Ctx) *Who {
	w, _ := c.Locals(whoKey{}).(*Who)
	return w
}
