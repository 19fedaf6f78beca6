package access

import (
	"net/url"

	"github.com/gofiber/fiber/v2"
)

// Place is a unit or desk as it stands today.
type Place struct {
	Name, NameEN string
	Above        string // code of the unit above a unit, or of the unit whose desk it is; "": none
}

// Places are all units and desks by code.
type Places struct{ Units, Desks map[string]Place }

// deepest bounds the way up to the root, should parents ever form a circle.
const deepest = 32

// under says whether a unit is another one, or below it.
func (p *Places) under(code, top string) bool {
	for range deepest {
		if code == top {
			return true
		}
		if code = p.Units[code].Above; code == "" {
			return false
		}
	}
	return false
}

// Scope is whose figures somebody may see. The zero Scope sees nobody's.
type Scope struct {
	person Person
	places *Places
}

// ScopeOf gives the scope of whoever asks, as From does.
func ScopeOf(c *fiber.Ctx) Scope {
	s, _ := c.Locals(scopeKey{}).(Scope)
	return s
}

// From says who asks; false: nobody who has signed in.
func From(c *fiber.Ctx) (Person, bool) {
	s := ScopeOf(c)
	return s.person, s.person.Role != 0
}

// scopeKey is where the guard keeps the scope in Fiber's locals.
type scopeKey struct{}

// All says whether it is everybody's.
func (s Scope) All() bool {
	switch s.person.Role {
	case Province, Auditor, Administrator, Operator:
		return true
	}
	return false
}

// Unit says whether it takes in a unit: a manager's own and those that are below
// it today, for anybody else of one unit just that.
func (s Scope) Unit(code string) bool {
	switch {
	case s.All():
		return true
	case code == "" || s.person.Unit == "":
		return false
	case s.person.Role == Unit:
		return s.places.under(code, s.person.Unit)
	case s.person.Role == Contact || s.person.Role == Program:
		return code == s.person.Unit
	}
	return false
}

// Desk says whether it takes in a desk: those of its units, or the own one.
func (s Scope) Desk(code string) bool {
	switch {
	case s.All():
		return true
	case s.person.Role == Desk:
		return code != "" && code == s.person.Desk
	case s.places == nil:
		return false
	}
	return s.Unit(s.places.Desks[code].Above)
}

// Texts says whether what people wrote there may be read.
func (s Scope) Texts() bool { return s.person.Role.Texts() }

// Home is the path of the page that a person begins with.
func (p Person) Home() string {
	switch p.Role {
	case Unit, Contact:
		return "/unit/" + url.PathEscape(p.Unit)
	case Desk:
		return "/desk/" + url.PathEscape(p.Desk)
	}
	return "/"
}

// place is the person's own unit or desk.
func (p Person) place(all *Places) Place {
	switch {
	case all == nil:
	case p.Role.OfDesk():
		return all.Desks[p.Desk]
	case p.Role.OfUnit():
		return all.Units[p.Unit]
	}
	return Place{}
}
