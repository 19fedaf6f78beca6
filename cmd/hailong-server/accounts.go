package main

import (
	"context"
	"path/filepath"
	"strings"

	"hailong/internal/fact"
	"hailong/server/account"
	"hailong/server/audit"
)

// openAccounts opens what lets people and programs in, and what says of whatever
// they change who it was.
func (s *server) openAccounts() (err error) {
	s.recorder = audit.New(audit.Options{Append: s.Append, Reader: s.proj.Reader(), Seal: s.keys.SealWords})
	s.accounts, err = account.New(account.Options{
		Recorder: s.recorder, Projection: s.proj, DB: s.proj.Reader(), Words: s.words, Keys: s.keys, Bus: s.bus, Log: s.log,
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
