// Package access says who may do what: the roles of accounts, and for each route
// the roles that may ask for it.
package access

import "fmt"

// Role is what an account is for. The numbers stand in facts and are never used
// for anything else.
type Role uint8

// The roles.
const (
	Province      Role = 1 // Sở Nội vụ: all figures, reports, the raw export and comments; no contact data
	Unit          Role = 2 // manager of a unit: its own and those below it
	Desk          Role = 3 // manager of a desk: its own page and comments
	Contact       Role = 4 // contact officer of a unit: figures, texts and contact data, and their erasure
	Auditor       Role = 5 // reads everything, changes nothing
	Administrator Role = 6 // accounts, devices, organisation; sees no texts
	Program       Role = 7 // one-stop software of one unit
)

// Operator is whoever holds the token file in the server's data folder: the
// command line on its own machine. It stands in no fact, and no account has it.
const Operator Role = 100

// Roles lists those that accounts have, in the order of their numbers.
var Roles = []Role{Province, Unit, Desk, Contact, Auditor, Administrator, Program}

var roleNames = [...]string{"", "province", "unit", "desk", "contact", "auditor", "administrator", "program"}

// String gives the role's name in addresses, forms and commands, such as
// "province"; for a number without a meaning something that ParseRole refuses.
func (r Role) String() string {
	if r.Known() {
		return roleNames[r]
	}
	if r == Operator {
		return "operator"
	}
	return fmt.Sprintf("role(%d)", uint8(r))
}

// Known says whether the number has a meaning here.
func (r Role) Known() bool { return r >= Province && r <= Program }

// ParseRole is the reverse of String.
func ParseRole(name string) (Role, bool) {
	for _, r := range Roles {
		if r.String() == name {
			return r, true
		}
	}
	return 0, false
}

// OfUnit says whether an account of the role belongs to one unit.
func (r Role) OfUnit() bool { return r == Unit || r == Contact || r == Program }

// OfDesk says whether an account of the role belongs to one desk.
func (r Role) OfDesk() bool { return r == Desk }

// Texts says whether the role may read what people wrote, where its scope is.
func (r Role) Texts() bool {
	return r == Province || r == Unit || r == Desk || r == Contact || r == Auditor
}

// Contacts says whether the role may read how to reach people who asked for it,
// where its scope is.
func (r Role) Contacts() bool { return r == Contact || r == Auditor }

// Person is whoever asks: somebody who has signed in, or a program with a token.
type Person struct {
	Account [16]byte // fact.Account's ID; zero: the operator's token
	Role    Role
	Unit    string // code, where the role is for one unit
	Desk    string // code, where it is for one desk
	Name    string // for people
	TOTP    bool   // a second factor was given in this session
	Session string // hash of the session's id, in hexadecimal; "" for a token
	CSRF    string // what a form of this session must carry; "" for a token
}
