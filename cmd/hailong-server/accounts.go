package main

import (
	"context"
	"path/filepath"
	"strings"

	"hailong/internal/fact"
	"hailong/server/account"
)

// openAccounts opens what lets people and programs in.
func (s *server) openAccounts() (err error) {
	s.accounts, err = account.New(account.Options{
		Recorder: s, Projection: s.proj, DB: s.proj.Reader(), Words: s.words, Keys: s.keys, Bus: s.bus, Log: s.log,
	})
	if err == nil {
		s.auth = s.accounts
	}
	return err
}

// firstLink offers a link for the first administrator while there is none.
func (s *server) firstLink(ctx context.Context) error {
	caughtUp := func() bool { return s.proj.Mark(fact.OriginID{}).CaughtUp }
	return s.accounts.FirstLink(ctx, filepath.Join(s.c.Data, "first-link"), strings.TrimRight(s.c.PublicURL, "/"), caughtUp)
}
