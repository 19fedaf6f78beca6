package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"

	"hailong/server/api"
)

type admitCmd struct {
	remote
	Kiosk string `required:"" help:"Code of the kiosk in the organisation file." placeholder:"K01"`
	Key   string `required:"" help:"The device's public key, as its page /status shows it." placeholder:"HEX"`
}

// Run admits the key.
func (c *admitCmd) Run(ctx context.Context, k *kong.Kong) error {
	return c.record(ctx, k, "/api/v1/kiosks/admit", api.AdmitRequest{Kiosk: c.Kiosk, Key: c.Key}, "admitted as "+c.Kiosk)
}

type revokeCmd struct {
	remote
	Key    string `required:"" help:"The device's public key." placeholder:"HEX"`
	Reason string `required:"" help:"Why, for those who look later." placeholder:"TEXT"`
}

// Run revokes the key.
func (c *revokeCmd) Run(ctx context.Context, k *kong.Kong) error {
	return c.record(ctx, k, "/api/v1/kiosks/revoke", api.RevokeRequest{Key: c.Key, Reason: c.Reason}, "revoked")
}

type decideCmd struct {
	remote
	Origin string `required:"" help:"Id of the origin." placeholder:"HEX"`
	Number uint64 `required:"" help:"Number of the fact at which it forks."`
	Hash   string `required:"" help:"Hash of the fact there that counts." placeholder:"HEX"`
	Reason string `required:"" help:"Why, for those who look later." placeholder:"TEXT"`
}

// Run records the decision.
func (c *decideCmd) Run(ctx context.Context, k *kong.Kong) error {
	return c.record(ctx, k, "/api/v1/forks/decide", api.DecideRequest{Origin: c.Origin, Number: c.Number, Hash: c.Hash, Reason: c.Reason}, "decided")
}

// record sends what gives a fact, and says whether it was new.
func (r remote) record(ctx context.Context, k *kong.Kong, path string, body any, done string) error {
	var out api.Recorded
	if err := r.postJSON(ctx, path, body, &out, nil); err != nil {
		return err
	}
	if !out.New {
		done += " before; nothing changed"
	}
	_, err := fmt.Fprintln(k.Stdout, done)
	return err
}
