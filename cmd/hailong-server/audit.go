package main

import (
	"context"

	"hailong/internal/httpx"
	"hailong/server/api"
	"hailong/server/audit"
)

// registerAudit adds the pages on which is seen who changed what.
func (s *server) registerAudit(views *httpx.Views) {
	log := audit.Log{DB: s.proj.Reader(), Words: s.told}
	audit.Register(s.app, audit.Deps{Log: log, Views: views, Note: s.recorder.Note})
	api.RegisterAudit(s.app, log)
}

// told opens what an act says, also where it has not left this server yet.
func (s *server) told(ctx context.Context, digest [32]byte) (plain []byte, ok bool, err error) {
	sealed, ok, err := s.keeper.Words(ctx, digest)
	if err == nil && !ok {
		sealed, ok, err = s.outbox.Words(ctx, digest)
	}
	if err != nil || !ok {
		return nil, false, err
	}
	plain, ok = s.keys.OpenWords(sealed)
	return plain, ok, nil
}
