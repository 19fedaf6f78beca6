package main

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/api"
	"hailong/server/audit"
	"hailong/server/index"
)

// guard makes what stands before every route.
func (s *server) guard(x *index.Index) (*access.Guard, error) {
	token, err := api.LoadToken(filepath.Join(s.c.Data, "operator.token"))
	if err != nil {
		return nil, err
	}
	return access.New(access.Options{
		Auth: s.auth, Operator: token.Is, Act: act, Secure: s.secure(),
		Today: func() survey.Day { return survey.DayOf(time.Now()) },
		Places: func(ctx context.Context) (access.Places, error) {
			units, desks, err := x.Organisation(ctx, x.Today())
			p := access.Places{Units: map[string]access.Place{}, Desks: map[string]access.Place{}}
			for _, u := range units {
				p.Units[u.Code] = access.Place{Name: u.Name, NameEN: u.NameEN, Above: u.Parent}
			}
			for _, d := range desks {
				p.Desks[d.Code] = access.Place{Name: d.Name, NameEN: d.NameEN, Above: d.Unit.Code}
			}
			return p, err
		},
	}), nil
}

// secure says whether people reach the pages by https: then cookies are of that
// alone.
func (s *server) secure() bool { return strings.HasPrefix(strings.ToLower(s.c.PublicURL), "https://") }

// act puts into a context who does what is done in it.
func act(ctx context.Context, p access.Person, from string) context.Context {
	a := audit.Actor{Account: p.Account, Via: fact.ViaPage, Name: p.Name, From: from}
	switch p.Role {
	case access.Program:
		a.Via = fact.ViaProgram
	case access.Operator:
		a.Via = fact.ViaCommand
	}
	return audit.With(ctx, a)
}
