package signin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
	"hailong/server/openid"
)

// wayLasts is how long somebody may take at the other place.
const wayLasts = 10 * time.Minute

// way is what is known of somebody on the way through the other place. It is
// kept in their own browser, sealed: strangers who set out by the thousand cost
// no memory here, and nobody can be led into somebody else's account by a link.
type way struct {
	openid.Attempt
	State string    `json:"state"`
	Next  string    `json:"next,omitempty"`
	Until time.Time `json:"until"`
}

func (p *pages) wayCookie() string { return p.cookieName() + "-way" }

// seal writes the way for the cookie.
func (p *pages) seal(w way) (string, error) {
	plain, err := json.Marshal(w)
	if err != nil {
		return "", err
	}
	aead, err := p.sealer()
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, plain, nil)), nil // #nosec G407 -- NewGCMWithRandomNonce makes the nonce
}

// open reads what seal wrote; ok is false for anything else.
func (p *pages) open(cookie string) (w way, ok bool, err error) {
	aead, err := p.sealer()
	if err != nil {
		return w, false, err
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return w, false, nil
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	ok = err == nil && json.Unmarshal(plain, &w) == nil && time.Now().Before(w.Until)
	return w, ok, nil
}

func (p *pages) sealer() (cipher.AEAD, error) {
	block, err := aes.NewCipher(p.Key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// goElsewhere is a link rather than a form: the policy of our pages lets forms
// go to this server alone, also by a redirect.
func (p *pages) goElsewhere(c *fiber.Ctx) error {
	query, err := httpx.Query(c, "next")
	if err != nil {
		return err
	}
	w := way{openid.NewAttempt(), rand.Text(), local(query["next"]), time.Now().Add(wayLasts)}
	address, err := p.Elsewhere.Address(c.UserContext(), w.State, w.Attempt)
	if err != nil {
		return p.notElsewhere(c, w.Next, err)
	}
	sealed, err := p.seal(w)
	if err != nil {
		return err
	}
	p.setCookie(c, p.wayCookie(), sealed, wayLasts)
	return c.Redirect(address, fiber.StatusSeeOther)
}

// errNobody says that the other place knows somebody whom we do not.
var errNobody = errors.New("signin: no account for whom the other place knows")

// comeBack takes in whoever comes back. The other place may send parameters that
// we know nothing of.
func (p *pages) comeBack(c *fiber.Ctx) error {
	ctx := c.UserContext()
	state, code, issuer := httpx.Copy(c.Query("state")), httpx.Copy(c.Query("code")), httpx.Copy(c.Query("iss"))
	w, ok, err := p.open(httpx.Copy(c.Cookies(p.wayCookie())))
	if err != nil {
		return err
	}
	p.setCookie(c, p.wayCookie(), "", 0)
	if !ok || state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(w.State)) != 1 {
		return p.notElsewhere(c, "", errors.New("signin: came back without having gone, or too late"))
	}
	if code == "" || issuer != "" && issuer != p.Elsewhere.Issuer() {
		return p.notElsewhere(c, w.Next, errors.New("signin: the other place let nobody in"))
	}
	id, err := p.Elsewhere.Finish(ctx, code, w.Attempt)
	if err != nil {
		return p.notElsewhere(c, w.Next, err)
	}
	x, err := p.join(c, id)
	if err != nil {
		return p.notElsewhere(c, w.Next, err)
	}
	return p.begin(c, x, id.Strong, w.Next)
}

// notElsewhere shows the page for signing in again, with what did not work. The
// log says more.
func (p *pages) notElsewhere(c *fiber.Ctx, next string, fault error) error {
	p.Log.Warn("sign-in at another place", "error", fault)
	data := p.signInPage(c, next)
	data.Problem = data.L.T("signin.elsewhere.failed", "Name", p.Name)
	status := fiber.StatusBadGateway
	if errors.Is(fault, errNobody) {
		status, data.Problem = fiber.StatusForbidden, data.L.T("signin.elsewhere.nobody", "Name", p.Name)
		p.refused(c, survey.New(survey.CodeWrongSignIn))
	}
	return p.Views.Send(c, status, "signin/signin", data)
}

// join gives the account of whom the other place knows: the one that was joined
// to it before, else, this once, the only one of the address that the other
// place has checked.
func (p *pages) join(c *fiber.Ctx, id openid.Identity) (account.Account, error) {
	ctx := c.UserContext()
	x, ok, err := p.Gate.BySubject(ctx, id.Issuer, id.Subject)
	if err != nil || ok {
		return x, err
	}
	if id.Email == "" {
		return x, errNobody
	}
	if x, err = p.ofAddress(ctx, id.Email); err != nil {
		return x, err
	}
	p.Log.Info("an account is joined to another place of sign-in", "account", hex.EncodeToString(x.ID[:]))
	// Its sessions stay: who it is for is the same.
	return p.Gate.Accounts.Change(p.as(c, x), x.ID, account.Particulars{
		Role: x.Role, Unit: x.Unit, Desk: x.Desk, Login: x.Login, Name: x.Name, Email: x.Email, Issuer: id.Issuer, Subject: id.Subject,
	})
}

func (p *pages) ofAddress(ctx context.Context, email string) (found account.Account, err error) {
	all, err := p.Gate.List(ctx)
	if err != nil {
		return found, err
	}
	n := 0
	for _, x := range all {
		if !x.Off && x.Readable && !x.Shadowed && x.Role != access.Program && x.Subject == "" && strings.EqualFold(x.Email, email) {
			found, n = x, n+1
		}
	}
	if n != 1 {
		return account.Account{}, errNobody
	}
	return found, nil
}
