package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"hailong/server/access"
	"hailong/server/account"
)

// guest is somebody who has signed in at a station, or a program with a token.
type guest struct {
	access.Person
	cookie  string
	headers []string // names and values in turn, that show who asks
}

// guest makes an account, of a unit or desk where its role is for one, and signs
// it in; of a program it gets a token.
func (s *station) guest(role access.Role, place string) guest {
	s.t.Helper()
	var random [8]byte
	rand.Read(random[:]) // never fails
	p := account.Particulars{Role: role, Name: "Người " + role.String()}
	if role != access.Program {
		p.Login = role.String() + "." + hex.EncodeToString(random[:])
	}
	if role.OfUnit() {
		p.Unit = place
	}
	if role.OfDesk() {
		p.Desk = place
	}
	x, err := s.accounts.Create(s.t.Context(), p)
	if err != nil {
		s.t.Fatal(err)
	}
	g := guest{Person: x.Person()}
	if role == access.Program {
		token, err := s.accounts.NewToken(s.t.Context(), x.ID, false)
		if err != nil {
			s.t.Fatal(err)
		}
		g.headers = []string{"Authorization", "Bearer " + token}
		return g
	}
	g.TOTP = true
	return s.again(g)
}

// again signs somebody in once more.
func (s *station) again(g guest) guest {
	s.t.Helper()
	var err error
	if g.cookie, err = s.accounts.Sessions.Start(s.t.Context(), g.Person); err != nil {
		s.t.Fatal(err)
	}
	g.headers = []string{"Cookie", access.CookieName(false) + "=" + g.cookie, "csrf", account.CSRF(g.cookie)}
	return g
}

// operator shows that who asks holds the token of the data folder.
func (s *station) operator() []string { return []string{"Authorization", "Bearer " + s.token} }

// signIn gives a browser the session.
func (g guest) signIn(s *station) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		only := true
		_, err := cdp.Call(ctx, target, network.SetCookie, network.SetCookieParams{
			Name: access.CookieName(false), Value: g.cookie, URL: s.url + "/", HTTPOnly: &only,
		})
		return chromedp.Void{}, err
	}
}

// A session that is ended lets nobody in any more.
func TestGuest(t *testing.T) {
	s := organised(t)
	g := s.guest(access.Unit, "VINH")
	if a := look(t, s.url+"/unit/VINH", g.headers...); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if err := s.accounts.Sessions.EndAllOf(t.Context(), g.Account); err != nil {
		t.Fatal(err)
	}
	if a := look(t, s.url+"/unit/VINH", g.headers...); a.status != http.StatusSeeOther {
		t.Errorf("after the end: %d", a.status)
	}
}
