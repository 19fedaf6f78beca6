package main

import (
	"strings"

	"hailong/server/api"
	"hailong/server/enrol"
	"hailong/server/natsauth"
)

// registerEnrol adds the routes by which devices come in.
func (s *server) registerEnrol(devices enrol.Register) (*enrol.Enrol, error) {
	realm, err := natsauth.New(s.keys)
	if err != nil {
		return nil, err
	}
	e := enrol.New(enrol.Options{
		Register: devices, Codes: s.accounts.Codes, Limits: s.accounts.Limits,
		JWT: realm.Kiosk, Place: s.natsURLs, Secret: s.keys.Derive("hailong/challenge"),
	})
	api.RegisterEnrol(s.app, e, s.c.PublicURL, s.pin())
	return e, nil
}

// splitted gives the parts of a list with commas.
func splitted(list string) (parts []string) {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
