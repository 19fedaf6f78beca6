package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/server/broker"
	"hailong/server/natsauth"
)

// connect starts the NATS server inside, or finds the one outside. What is
// revoked is known by now: nobody who is shut out comes in for a moment.
func (s *server) connect(ctx context.Context, public ed25519.PublicKey) (err error) {
	if s.realm, err = natsauth.New(s.keys); err != nil {
		return err
	}
	o := bus.Options{URL: s.c.Nats, Replicas: s.c.Replicas, MaxAge: s.c.Retention, Log: s.log}
	if s.c.NatsCA != "" {
		if s.natsCA, err = os.ReadFile(s.c.NatsCA); err != nil {
			return fmt.Errorf("--nats-ca: %w", err)
		}
		o.CA = s.natsCA
	}
	if s.c.Nats == "" {
		if err = s.startBroker(ctx); err != nil {
			return err
		}
		o.InProcess = s.broker
	} else {
		user, err := s.realm.Admin()
		if err != nil {
			return err
		}
		if s.natsAdmin, err = bus.Connect(with(o, user, "admin "+s.c.Name, public)); err != nil {
			return err
		}
	}
	user, err := s.realm.Server()
	if err != nil {
		return err
	}
	s.bus, err = bus.Connect(with(o, user, "server "+s.c.Name, public))
	return err
}

// with adds who connects.
func with(o bus.Options, user natsauth.User, name string, public ed25519.PublicKey) bus.Options {
	o.Name, o.Key, o.Server = name, user.Key, public
	o.JWT = func() (string, error) { return user.JWT, nil }
	return o
}

func (s *server) startBroker(ctx context.Context) error {
	host, port, err := net.SplitHostPort(s.c.NatsAddr)
	n, perr := net.LookupPort("tcp", port)
	if err := errors.Join(err, perr); err != nil {
		return fmt.Errorf("--nats-addr=%s: %w; try: --nats-addr=127.0.0.1:4222", s.c.NatsAddr, err)
	}
	dir := s.c.StreamDir
	if dir == "" {
		dir = filepath.Join(s.c.Data, "stream")
	}
	operator, err := s.realm.Operator()
	if err != nil {
		return err
	}
	revoked, err := s.proj.Revoked(ctx)
	if err != nil {
		return err
	}
	a, err := s.realm.Accounts(revoked)
	if err != nil {
		return err
	}
	s.broker, err = broker.Start(broker.Options{
		Dir: dir, Host: host, Port: n, Log: s.log, TLS: s.natsTLS(),
		Operator: operator, System: a.System.ID, Streams: a.Servers.ID, Accounts: a.All(),
	})
	return err
}

// doors keeps NATS level with what is revoked.
func (s *server) doors() *natsauth.Keeper {
	o := natsauth.KeeperOptions{Realm: s.realm, Revoked: s.proj.Revoked, Log: s.log}
	if s.broker != nil {
		o.Broker, o.Ready = inside{s.broker}, func() bool { return true }
	} else {
		o.Broker, o.Ready = s.natsAdmin, func() bool { return s.proj.Mark(fact.OriginID{}).CaughtUp }
	}
	return natsauth.NewKeeper(o)
}

// inside is the broker of this process: it is always there.
type inside struct{ *broker.Broker }

// Connected gives the context back.
func (inside) Connected(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return ctx, func() {}, ctx.Err()
}

// UpdateAccount gives the broker an account's JWT.
func (i inside) UpdateAccount(_ context.Context, token string) error {
	return i.Broker.UpdateAccount(token)
}
