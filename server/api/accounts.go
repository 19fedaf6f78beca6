package api

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
)

// Accounts keeps accounts and tokens; *account.Gate is one, and says what each
// method answers.
type Accounts interface {
	List(ctx context.Context) ([]account.Account, error)
	ByID(ctx context.Context, id [16]byte) (account.Account, bool, error)
	ByLogin(ctx context.Context, login string) (account.Account, bool, error)
	Create(ctx context.Context, p account.Particulars) (account.Account, error)
	TurnOff(ctx context.Context, id [16]byte) (account.Account, error)
	NewLink(ctx context.Context, id [16]byte) (code string, err error)
	NewToken(ctx context.Context, id [16]byte, atOnce bool) (text string, err error)
	LastUse(ctx context.Context, id [16]byte) time.Time
}

// accounts are the routes of accounts and tokens.
type accounts struct {
	Accounts
	base string // scheme and host of links
}

// RegisterAccounts adds the routes of accounts and tokens; base is scheme and
// host of the links that they give.
func RegisterAccounts(app fiber.Router, x Accounts, base string) {
	a := accounts{x, base}
	app.Get("/api/v1/accounts", a.showAccounts)
	app.Post("/api/v1/accounts", httpx.Limit(oneBody), a.createAccount)
	app.Post("/api/v1/accounts/off", httpx.Limit(oneBody), a.turnOffAccount)
	app.Post("/api/v1/accounts/link", httpx.Limit(oneBody), a.linkAccount)
	app.Post("/api/v1/tokens", httpx.Limit(oneBody), a.createToken)
	app.Post("/api/v1/tokens/rotate", httpx.Limit(oneBody), a.rotateToken)
}

// AccountList is every account there is.
type AccountList struct {
	Accounts []Account `json:"accounts"`
}

// Account is a person's or a program's account.
type Account struct {
	ID       string         `json:"id"`
	Role     string         `json:"role" enum:"province,unit,desk,contact,auditor,administrator,program"`
	Unit     string         `json:"unit,omitempty" doc:"code, where the role is for one unit"`
	Desk     string         `json:"desk,omitempty" doc:"code, where it is for one desk"`
	Login    string         `json:"login,omitempty" doc:"sign-in name; none: a program"`
	Name     string         `json:"name"`
	Email    string         `json:"email,omitempty"`
	Off      bool           `json:"off" doc:"it lets nobody in"`
	Readable bool           `json:"readable" doc:"false: its particulars have not come to this server yet"`
	Shadowed bool           `json:"shadowed" doc:"another account of the same sign-in name goes before"`
	Password bool           `json:"password" doc:"it has one"`
	TOTP     bool           `json:"second_factor" doc:"it has one"`
	Changed  time.Time      `json:"changed" doc:"last"`
	Tokens   []AccountToken `json:"tokens,omitempty" doc:"of a program, those that are good"`
	Used     *time.Time     `json:"last_use,omitempty" doc:"of its tokens, to the minute"`
}

// AccountToken is a program's token, without its text.
type AccountToken struct {
	Since time.Time  `json:"since"`
	Until *time.Time `json:"until,omitempty" doc:"it was exchanged for another, and is good until then"`
}

// AccountRequest makes an account.
type AccountRequest struct {
	Role  string `json:"role" enum:"province,unit,desk,contact,auditor,administrator"`
	Login string `json:"login" doc:"sign-in name, without spaces"`
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	Unit  string `json:"unit,omitempty"`
	Desk  string `json:"desk,omitempty"`
}

// AccountName names an account: one of the two.
type AccountName struct {
	ID    string `json:"id,omitempty"`
	Login string `json:"login,omitempty"`
}

// AccountLink is a link by which an account's owner sets a password.
type AccountLink struct {
	ID    string `json:"id"`
	Link  string `json:"link" doc:"good once; given this once"`
	Hours int    `json:"hours" doc:"for how long"`
}

func (a accounts) showAccounts(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	all, err := a.List(c.UserContext())
	if err != nil {
		return err
	}
	out := AccountList{Accounts: make([]Account, len(all))}
	for i := range all {
		out.Accounts[i] = accountJSON(&all[i])
		if at := a.used(c.UserContext(), &all[i]); !at.IsZero() {
			out.Accounts[i].Used = &at
		}
	}
	return secret(c, out)
}

// used says when a program used a token last; zero: never.
func (a accounts) used(ctx context.Context, x *account.Account) time.Time {
	if len(x.Tokens) == 0 {
		return time.Time{}
	}
	return a.LastUse(ctx, x.ID)
}

func accountJSON(x *account.Account) Account {
	out := Account{
		ID: hex.EncodeToString(x.ID[:]), Role: x.Role.String(), Unit: x.Unit, Desk: x.Desk, Login: x.Login, Name: x.Name, Email: x.Email,
		Off: x.Off, Readable: x.Readable, Shadowed: x.Shadowed, Password: x.HasPassword, TOTP: x.HasTOTP, Changed: x.Since,
	}
	for _, t := range x.Tokens {
		one := AccountToken{Since: t.Since}
		if !t.Until.IsZero() {
			one.Until = &t.Until
		}
		out.Tokens = append(out.Tokens, one)
	}
	return out
}

func (a accounts) createAccount(c *fiber.Ctx) error {
	var in AccountRequest
	if err := only(c, &in); err != nil {
		return err
	}
	role, ok := access.ParseRole(in.Role)
	switch {
	case in.Role == "":
		return survey.New(survey.CodeMissingField, "role")
	case !ok || role == access.Program:
		return survey.New(survey.CodeBadField, "role")
	}
	x, err := a.Create(c.UserContext(), account.Particulars{Role: role, Unit: in.Unit, Desk: in.Desk, Login: in.Login, Name: in.Name, Email: in.Email})
	if err != nil {
		return err
	}
	return a.sendLink(c, fiber.StatusCreated, x.ID)
}

func (a accounts) linkAccount(c *fiber.Ctx) error {
	x, err := a.named(c)
	if err != nil {
		return err
	}
	return a.sendLink(c, fiber.StatusOK, x.ID)
}

func (a accounts) sendLink(c *fiber.Ctx, status int, id [16]byte) error {
	code, err := a.NewLink(c.UserContext(), id)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return httpx.SendJSON(c, status, AccountLink{ID: hex.EncodeToString(id[:]), Link: a.base + account.LinkPath + code, Hours: int(account.LinkLife.Hours())})
}

func (a accounts) turnOffAccount(c *fiber.Ctx) error {
	x, err := a.named(c)
	if err != nil {
		return err
	}
	if x.Off {
		return httpx.SendJSON(c, fiber.StatusOK, Recorded{New: false})
	}
	if _, err := a.TurnOff(c.UserContext(), x.ID); err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, Recorded{New: true})
}

// named gives the account that a request names.
func (a accounts) named(c *fiber.Ctx) (x account.Account, err error) {
	var in AccountName
	if err := only(c, &in); err != nil {
		return x, err
	}
	var ok bool
	switch {
	case (in.ID == "") == (in.Login == ""):
		return x, survey.New(survey.CodeMissingField, "login")
	case in.Login != "":
		x, ok, err = a.ByLogin(c.UserContext(), in.Login)
	default:
		id, errID := accountID(in.ID)
		if errID != nil {
			return x, errID
		}
		x, ok, err = a.ByID(c.UserContext(), id)
	}
	if err == nil && !ok {
		err = survey.New(survey.CodeUnknownAccount)
	}
	return x, err
}

func accountID(text string) (id [16]byte, err error) {
	if text == "" {
		return id, survey.New(survey.CodeMissingField, "id")
	}
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(id) {
		return id, survey.New(survey.CodeBadField, "id")
	}
	return [16]byte(raw), nil
}
