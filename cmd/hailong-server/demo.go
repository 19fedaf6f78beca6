package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"hailong/internal/bus"
	"hailong/internal/datadir"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/survey"
	"hailong/internal/uplink"
	"hailong/server/keyring"
	"hailong/server/natsauth"
	"hailong/server/organisation"
	"hailong/server/questionnaire"
	"hailong/server/sample"
)

// demoCmd is `hailong-server demo`.
type demoCmd struct {
	Organisation string   `arg:"" help:"Organisation file whose desks get a history." type:"existingfile"`
	Sheet        string   `name:"questionnaire" help:"Questionnaire file that some of the people answer." type:"existingfile"`
	Data         string   `help:"Folder of the sample's own outbox." default:"data/sample"`
	Keys         string   `help:"The servers' shared key file." default:"data/server.keys" env:"HAILONG_KEYS"`
	Nats         string   `help:"Where the server's NATS is." default:"nats://127.0.0.1:4222" env:"HAILONG_NATS"`
	Servers      []string `help:"Ids of the servers that must hold it." default:"s1"`
	Days         int      `help:"How many days back." default:"730"`
	Seed         uint64   `help:"Another seed is another history." default:"1"`
}

// Run records a made-up history in an outbox of its own, whose clock stands
// where the history does, and sends it as every origin sends its facts. The
// setting `sample` marks all pages.
func (c *demoCmd) Run(ctx context.Context) (err error) {
	org, err := organisation.Load(c.Organisation)
	if err != nil {
		return err
	}
	var asked *survey.Questionnaire
	if c.Sheet != "" {
		v, err := questionnaire.Load(c.Sheet)
		if err != nil {
			return err
		}
		asked = &v.Questionnaire
	}
	keys, err := keyring.Open(c.Keys, false)
	if err != nil {
		return err
	}
	if err := datadir.Prepare(c.Data); err != nil {
		return err
	}
	key, err := outbox.LoadKey(filepath.Join(c.Data, "sample.key"))
	if err != nil {
		return err
	}
	now := time.Now()
	var at atomic.Int64
	at.Store(now.AddDate(0, 0, -c.Days).UnixMilli())
	out, err := outbox.Open(ctx, filepath.Join(c.Data, "outbox.db"), outbox.Options{
		Key: key, Role: fact.RoleServer, Name: "sample", Member: keys.Member(key.Public().(ed25519.PublicKey)),
		Stamp: func() fact.Stamp {
			s := outbox.SystemStamp()
			s.Wall = at.Load()
			return s
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if out.Head().Number == 1 {
		h := sample.New(sample.Options{Organisation: org, Ballot: keys.Ballot, From: now.AddDate(0, 0, -c.Days), To: now, Seed: c.Seed, Questionnaire: asked})
		if err := record(ctx, out, h, now, c.Days, &at); err != nil {
			return err
		}
	}
	return c.send(ctx, out, keys, key.Public().(ed25519.PublicKey))
}

func record(ctx context.Context, out *outbox.Outbox, h *sample.History, now time.Time, days int, at *atomic.Int64) error {
	_, err := out.Append(ctx, fact.Entry{Kind: fact.KindSetting, Body: &fact.Setting{Key: "sample", Value: "true"}})
	b := bar{to: os.Stderr, what: "Ghi dữ liệu mẫu / recording"}
	for from := now.AddDate(0, 0, -days); err == nil; {
		slot, entries := h.Next()
		if entries == nil {
			break
		}
		at.Store(slot.UnixMilli())
		_, err = out.Append(ctx, entries...)
		b.show(int64(slot.Sub(from)), int64(now.Sub(from)))
	}
	b.show(1, 1)
	return err
}

// send drains the outbox until all servers hold it.
func (c *demoCmd) send(ctx context.Context, out *outbox.Outbox, keys *keyring.Ring, public ed25519.PublicKey) error {
	realm, err := natsauth.New(keys)
	if err != nil {
		return err
	}
	user, err := realm.Server() // whoever has the key file is one
	if err != nil {
		return err
	}
	b, err := bus.Connect(bus.Options{
		URL: c.Nats, Name: "sample", Log: slog.Default(), JWT: func() (string, error) { return user.JWT, nil }, Key: user.Key, Server: public,
	})
	if err != nil {
		return err
	}
	defer b.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	up := uplink.New(uplink.Options{Outbox: out, Bus: b, Servers: func() []string { return c.Servers }})
	ended := make(chan error, 1)
	go func() { ended <- up.Run(ctx) }()
	sent := bar{to: os.Stderr, what: "Gửi lên máy chủ / sending"}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
		}
		st, err := up.Status(ctx)
		if err != nil {
			return err
		}
		sent.show(int64(st.Head-st.Unconfirmed), int64(st.Head))
		if st.Unconfirmed == 0 {
			stop()
			<-ended
			return nil
		}
	}
}

// bar draws progress over the same line, and ends it when all is done.
type bar struct {
	to   io.Writer
	what string
	last int // percent shown, plus one
}

func (b *bar) show(done, total int64) {
	const width = 40
	share := 1.0
	if total > 0 {
		share = min(1, max(0, float64(done)/float64(total)))
	}
	percent := int(share * 100)
	if percent+1 == b.last {
		return
	}
	b.last = percent + 1
	n := int(share * width)
	fmt.Fprintf(b.to, "\r%s [%s%s] %3d%%", b.what, strings.Repeat("█", n), strings.Repeat("·", width-n), percent)
	if percent == 100 {
		fmt.Fprintln(b.to)
	}
}
