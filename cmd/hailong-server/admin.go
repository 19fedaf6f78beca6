package main

import (
	"strings"

	"hailong/internal/httpx"
	"hailong/server/admin"
	"hailong/server/enrol"
	"hailong/server/index"
	"hailong/server/register"
)

// registerAdmin adds the administrators' pages.
func (s *server) registerAdmin(views *httpx.Views, x *index.Index, reg *register.Register, devices *enrol.Enrol) {
	admin.Pages(s.app, admin.Deps{
		Gate: s.accounts, Index: x, Register: reg, Enrol: devices, Views: views, Heard: s.follower.Heard,
		Address: strings.TrimRight(s.c.PublicURL, "/"), Pin: s.pin(),
	})
}
