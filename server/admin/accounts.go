package admin

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/server/access"
	"hailong/server/account"
)

// accountsPage is the data of the view staff/accounts.
type accountsPage struct {
	frame
	Search   string
	Accounts []accountLine
	All      int64 // before the search
}

type accountLine struct {
	Link, Name, Login, Role, Place string
	Class, State                   string // as a badge
	Second                         bool   // has a second factor
}

func (p *pages) listAccounts(c *fiber.Ctx) error {
	query, err := httpx.Query(c, "q", "done")
	if err != nil {
		return err
	}
	all, err := p.Gate.List(c.UserContext())
	if err != nil {
		return err
	}
	places, err := p.places(c)
	if err != nil {
		return err
	}
	data := accountsPage{frame: newFrame(c, "accounts", "admin.accounts.title"), Search: query["q"]}
	data.done(query["done"], "off", "on")
	slices.SortStableFunc(all, func(a, b account.Account) int {
		return cmp.Or(compareBool(a.Off, b.Off), strings.Compare(fold(a.Name), fold(b.Name)))
	})
	wanted := strings.Fields(fold(query["q"]))
	for _, x := range all {
		if x.Role == access.Program {
			continue
		}
		data.All++
		l := accountLine{Link: data.L.Link("/admin/accounts/" + hex.EncodeToString(x.ID[:])), Name: cmp.Or(x.Name, "–"), Login: x.Login,
			Role: data.L.T("access.role." + x.Role.String()), Place: places.of(data.L, &x), Second: x.HasTOTP}
		l.Class, l.State = state(&data.frame, &x)
		text := fold(strings.Join([]string{l.Name, l.Login, x.Email, l.Role, l.Place, x.Unit, x.Desk, l.State}, " "))
		if !slices.ContainsFunc(wanted, func(word string) bool { return !strings.Contains(text, word) }) {
			data.Accounts = append(data.Accounts, l)
		}
	}
	return p.Views.Send(c, fiber.StatusOK, "staff/accounts", data)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// state says in a few words whether an account lets somebody in.
func state(f *frame, x *account.Account) (class, text string) {
	switch {
	case x.Off:
		return "none", f.L.T("admin.state.off")
	case !x.Readable:
		return "notmet", f.L.T("admin.state.absent")
	case x.Shadowed:
		return "notmet", f.L.T("admin.state.shadowed")
	case !x.HasPassword && x.Subject == "":
		return "toofew", f.L.T("admin.state.waiting")
	}
	return "met", f.L.T("admin.state.on")
}
