package signin

import (
	"cmp"
	"encoding/hex"
	"html/template"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
)

// recent is how long after signing in nobody is asked for the password again
// before the second factor changes.
const recent = 10 * time.Minute

// ownPage is what the frame of pages about one's own account shows.
type ownPage struct {
	page
	Nav            string // none of the navigation's entries
	Sample, Charts bool
}

func newOwn(c *fiber.Ctx, titleKey string) ownPage {
	return ownPage{page: newPage(c, titleKey)}
}

// accountPage is the data of the view staff/account.
type accountPage struct {
	ownPage
	Login, Name, Role, Place, Email string
	Done                            string // what has just been done
	Bound                           string // place of sign-in to which the account is joined
	HasPassword, HasTOTP            bool
	NeedsTOTP                       bool // nothing can be changed before
	Recovery                        int64
	Least                           int
	Sessions                        []sessionLine
}

type sessionLine struct {
	Began, Last string
	Second      bool // a second factor was given
	This        bool
}

// whose gives who asks, and the account, which the guard has found good.
func (p *pages) whose(c *fiber.Ctx) (access.Person, account.Account, error) {
	who, _ := access.From(c)
	x, ok, err := p.Gate.ByID(c.UserContext(), who.Account)
	if err == nil && !ok {
		err = survey.New(survey.CodeUnauthorised)
	}
	return who, x, err
}

func (p *pages) showAccount(c *fiber.Ctx) error {
	query, err := httpx.Query(c, "done")
	if err != nil {
		return err
	}
	data, err := p.accountPage(c)
	if err != nil {
		return err
	}
	switch query["done"] {
	case "password", "others", "second":
		data.Done = data.L.T("own.done." + query["done"])
	}
	return p.Views.Send(c, fiber.StatusOK, "staff/account", data)
}

func (p *pages) accountPage(c *fiber.Ctx) (accountPage, error) {
	who, x, err := p.whose(c)
	if err != nil {
		return accountPage{}, err
	}
	data := accountPage{ownPage: newOwn(c, "own.title"), Login: x.Login, Name: x.Name, Email: x.Email, HasPassword: x.HasPassword, HasTOTP: x.HasTOTP,
		NeedsTOTP: x.Role == access.Administrator && !who.TOTP, Recovery: int64(x.Recovery), Least: account.MinPassword}
	data.Role = data.L.T("access.role." + x.Role.String())
	data.Place = data.L.T("own.place.all")
	if x.Role.OfUnit() || x.Role.OfDesk() {
		data.Place = cmp.Or(data.Who.PlaceIn(data.L.Tag), x.Unit, x.Desk)
	}
	if x.Subject != "" {
		data.Bound = data.L.T("own.elsewhere.bound", "Name", cmp.Or(p.Name, x.Issuer))
	}
	for _, s := range p.Gate.Sessions.Of(x.ID) {
		data.Sessions = append(data.Sessions, sessionLine{data.L.Moment(s.Created), data.L.Moment(s.Last), s.TOTP, s.Key == who.Session})
	}
	return data, nil
}

// wrong shows the page again with what was wrong.
func (p *pages) wrong(c *fiber.Ctx, fault error) error {
	data, err := p.accountPage(c)
	if err != nil {
		return err
	}
	status, err := data.fail(c, fault)
	if err != nil {
		return err
	}
	return p.Views.Send(c, status, "staff/account", data)
}

// again checks the password of whoever has signed in already, as at signing in.
func (p *pages) again(c *fiber.Ctx, x account.Account, password string) error {
	_, err := p.Gate.SignIn(c.UserContext(), x.Login, password, httpx.Network(c))
	p.refused(c, err)
	return err
}

// renew goes on in a new session after all others have ended.
func (p *pages) renew(c *fiber.Ctx, x account.Account, second bool) error {
	if err := p.Gate.Sessions.EndAllOf(c.UserContext(), x.ID); err != nil {
		return err
	}
	who := x.Person()
	who.TOTP = second
	value, err := p.Gate.Sessions.Start(c.UserContext(), who)
	if err != nil {
		return err
	}
	p.setCookie(c, p.cookieName(), value, 0)
	return nil
}

func (p *pages) savePassword(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "password", "new")
	if err != nil {
		return err
	}
	who, x, err := p.whose(c)
	if err != nil {
		return err
	}
	if x.HasPassword {
		if err := p.again(c, x, form["password"]); err != nil {
			return p.wrong(c, err)
		}
	}
	if err := p.Gate.SetPassword(c.UserContext(), x.ID, form["new"]); err != nil {
		return p.wrong(c, err)
	}
	if err := p.renew(c, x, who.TOTP); err != nil {
		return err
	}
	return c.Redirect(httpx.Language(c).Link("/account?done=password"), fiber.StatusSeeOther)
}

func (p *pages) endOthers(c *fiber.Ctx) error {
	if _, err := httpx.Form(c); err != nil {
		return err
	}
	who, x, err := p.whose(c)
	if err != nil {
		return err
	}
	if err := p.renew(c, x, who.TOTP); err != nil {
		return err
	}
	p.note(c.UserContext(), "session.others", hex.EncodeToString(x.ID[:]))
	return c.Redirect(httpx.Language(c).Link("/account?done=others"), fiber.StatusSeeOther)
}

// setUpPage offers a second factor.
type setUpPage struct {
	ownPage
	QR          template.HTML
	Secret      string // in fours
	AskPassword bool
}

// recoveryPage shows the codes for the day on which the telephone is lost.
type recoveryPage struct {
	ownPage
	Codes []string
}

func (p *pages) showSetUp(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	_, x, err := p.whose(c)
	if err != nil {
		return err
	}
	return p.setUp(c, x, nil)
}

// setUp shows an offer, another one each time; with what was wrong before.
func (p *pages) setUp(c *fiber.Ctx, x account.Account, fault error) error {
	offer, err := p.Gate.NewTOTP(c.UserContext(), x.ID)
	if err != nil {
		return err
	}
	data := setUpPage{ownPage: newOwn(c, "own.totp.title"), QR: template.HTML(offer.SVG)} // #nosec G203 -- drawn by us, of black squares
	for i := 0; i < len(offer.Secret); i += 4 {
		data.Secret += offer.Secret[i:min(i+4, len(offer.Secret))] + " "
	}
	if data.AskPassword, err = p.asksPassword(c, x); err != nil {
		return err
	}
	status, err := data.fail(c, fault)
	if err != nil {
		return err
	}
	return p.Views.Send(c, status, "staff/second", data)
}

// asksPassword says whether the password is asked for again before the second
// factor changes: nobody may do that at a screen that was left alone.
func (p *pages) asksPassword(c *fiber.Ctx, x account.Account) (bool, error) {
	s, ok, err := p.Gate.Sessions.Get(c.UserContext(), p.cookie(c))
	return x.HasPassword && (!ok || time.Since(s.Created) > recent), err
}

func (p *pages) saveSetUp(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "secret", "code", "password")
	if err != nil {
		return err
	}
	_, x, err := p.whose(c)
	if err != nil {
		return err
	}
	asked, err := p.asksPassword(c, x)
	if err != nil {
		return err
	}
	if asked {
		if err := p.again(c, x, form["password"]); err != nil {
			return p.setUp(c, x, err)
		}
	}
	codes, err := p.Gate.SetTOTP(c.UserContext(), x.ID, compact(form["secret"]), compact(form["code"]))
	if err != nil {
		return p.setUp(c, x, err)
	}
	if err := p.renew(c, x, true); err != nil {
		return err
	}
	return p.showRecovery(c, codes)
}

func (p *pages) newRecovery(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "password")
	if err != nil {
		return err
	}
	_, x, err := p.whose(c)
	if err != nil {
		return err
	}
	if x.HasPassword {
		if err := p.again(c, x, form["password"]); err != nil {
			return p.wrong(c, err)
		}
	}
	codes, err := p.Gate.NewRecovery(c.UserContext(), x.ID)
	if err != nil {
		return err
	}
	return p.showRecovery(c, codes)
}

func (p *pages) showRecovery(c *fiber.Ctx, codes []string) error {
	return p.Views.Send(c, fiber.StatusOK, "staff/recovery", recoveryPage{newOwn(c, "own.recovery.title"), codes})
}

// compact leaves out the spaces that people type between groups.
func compact(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r != ' ' && r != '\u00a0' {
			out = append(out, r)
		}
	}
	return string(out)
}
