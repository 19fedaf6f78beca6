package main

import (
	"context"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"hailong/server/api"
)

type enrolCmd struct {
	remote
	Kiosk string `required:"" help:"Code of the kiosk in the organisation file." placeholder:"K01"`
}

// Run prints a code, and what to do with it.
func (c *enrolCmd) Run(ctx context.Context, k *kong.Kong) error {
	var out api.EnrolCode
	if err := c.postJSON(ctx, "/api/v1/kiosks/codes", api.CodeRequest{Kiosk: c.Kiosk}, &out, nil); err != nil {
		return err
	}
	until, err := time.Parse(time.RFC3339, out.Until)
	if err != nil {
		return failure{"the answer's time is none", "a program of the server's version", err}
	}
	pin := ""
	if out.Pin != "" {
		pin = " --pin=" + out.Pin
	}
	_, err = fmt.Fprintf(k.Stdout, `Mã ghi danh cho %s, dùng một lần, đến %s / enrolment code, good once, until then:

  %s

Trên máy đánh giá, trong góc dành cho cán bộ, hoặc / on the kiosk, in the corner for staff, or:

  hailong-kiosk enrol --server=%s%s --code=%s
`, c.Kiosk, until.Local().Format("15:04"), out.Code, out.Server, pin, out.Code)
	return err
}
