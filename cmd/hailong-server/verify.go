package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"hailong/internal/bus"
	"hailong/internal/survey"
	"hailong/server/broker"
	"hailong/server/keyring"
	"hailong/server/natsauth"
	"hailong/server/verify"
)

// verifyCmd is `hailong-server verify`.
type verifyCmd struct {
	Data      string `help:"Folder of the server's data." default:"data/server" env:"HAILONG_DATA"`
	Keys      string `help:"The servers' shared key file. Default: DATA.keys beside the folder." env:"HAILONG_KEYS"`
	Since     string `help:"Take chains and log as given up to the last checkpoint before this day, and leave months alone that were closed before it." placeholder:"2026-11-01"`
	StreamDir string `help:"Folder of the stream. Default: DATA/stream." env:"HAILONG_STREAM_DIR"`
	Nats      string `help:"External NATS (nats://…) that has the stream; default: the one in the folder of the stream, which is copied to be read." env:"HAILONG_NATS"`
	NoStream  bool   `help:"Leave the stream out."`
}

// Run verifies; the first thing that does not hold is the error, and the exit
// code 1.
func (c *verifyCmd) Run(ctx context.Context, k *kong.Kong) error {
	if c.Keys == "" {
		c.Keys = c.Data + ".keys"
	}
	if c.StreamDir == "" {
		c.StreamDir = filepath.Join(c.Data, "stream")
	}
	keys, err := keyring.Open(c.Keys, false)
	if err != nil {
		return err
	}
	o := verify.Options{Data: c.Data, Keys: keys, Out: k.Stdout, Progress: newProgress(os.Stderr)}
	if c.Since != "" {
		day, err := survey.ParseDay(c.Since)
		if err != nil {
			return failure{fmt.Sprintf("%q is not a day", c.Since), "--since=2026-11-01", err}
		}
		o.Since = day.Start()
	}
	if !c.NoStream {
		o.Stream = func(ctx context.Context) (verify.Stream, error) { return c.stream(ctx, keys) }
	}
	err = verify.Run(ctx, o)
	var broken *verify.Break
	if errors.As(err, &broken) {
		return failure{broken.Text, "stop the server, keep its data folder as it is, and look for who may write there; another server or a backup has what this one had", err}
	}
	return err
}

// newProgress writes how far each part is, where somebody watches.
func newProgress(to *os.File) func(part string, done, total uint64) {
	bars := map[string]*bar{}
	return func(part string, done, total uint64) {
		b := bars[part]
		if b == nil {
			b = &bar{to: to, what: part}
			bars[part] = b
		}
		b.show(int64(done), int64(total))
	}
}

// opened is the stream behind a connection of its own, and where it is one, the
// copy that it is in.
type opened struct {
	*bus.Inspector
	bus    *bus.Bus
	broker *broker.Broker
	folder string
}

// stream opens the stream to be read. A broker writes in its folder, so it is
// started on a copy, which also works while the server runs.
func (c *verifyCmd) stream(ctx context.Context, keys *keyring.Ring) (_ *opened, err error) {
	s := &opened{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	realm, err := natsauth.New(keys)
	if err != nil {
		return nil, err
	}
	user, err := realm.Server()
	if err != nil {
		return nil, err
	}
	o := bus.Options{Name: "verify", URL: c.Nats, Log: slog.New(slog.DiscardHandler), JWT: func() (string, error) { return user.JWT, nil }, Key: user.Key, Server: user.Key.Public().(ed25519.PublicKey)}
	if c.Nats == "" {
		if s.folder, err = os.MkdirTemp("", "hailong-stream-"); err != nil {
			return nil, err
		}
		if err := copyStream(c.StreamDir, s.folder); err != nil {
			return nil, failure{fmt.Sprintf("the stream in %s can't be copied: %v", c.StreamDir, err), "--stream-dir=FOLDER as the server has it, or TMPDIR=FOLDER with room for a copy, or --no-stream", err}
		}
		operator, err := realm.Operator()
		if err != nil {
			return nil, err
		}
		a, err := realm.Accounts(nil)
		if err != nil {
			return nil, err
		}
		if s.broker, err = broker.Start(broker.Options{Dir: s.folder, Operator: operator, System: a.System.ID, Streams: a.Servers.ID, Accounts: a.All()}); err != nil {
			return nil, err
		}
		o.InProcess = s.broker
	}
	if s.bus, err = bus.Connect(o); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if s.Inspector, err = s.bus.Inspect(wait); err != nil {
		return nil, failure{"the stream can't be read: " + err.Error(), "--nats=URL or --stream-dir=FOLDER as the server has it, or --no-stream", err}
	}
	return s, nil
}

// Close gives everything back.
func (s *opened) Close() error {
	if s.bus != nil {
		s.bus.Close()
	}
	if s.broker != nil {
		s.broker.Close()
	}
	if s.folder == "" {
		return nil
	}
	return os.RemoveAll(s.folder)
}

// copyStream copies the stream of facts, and nothing of other streams: what
// people wrote stays where it can be erased. Files that a running broker takes
// away meanwhile are not needed.
func copyStream(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != from {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		parts := strings.Split(rel, string(filepath.Separator))
		if i := slices.Index(parts, "streams"); i >= 0 && len(parts) > i+1 && parts[i+1] != bus.StreamName {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path) // #nosec G122 -- the operator's own folder, which nobody else can change
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o600) // #nosec G703 -- a name below a folder of our own
	})
}
