package main

import (
	"hailong/internal/httpx"
	"hailong/server/api"
	"hailong/server/index"
)

type clientCommands struct{}

// registerAPI adds the programs' interface.
func (s *server) registerAPI(_ *httpx.Views, x *index.Index) error {
	api.RegisterIndex(s.app, x)
	return nil
}
