package account

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/server/access"
)

func (n *node) signedIn(x Account) string {
	n.w.t.Helper()
	cookie, err := n.Sessions.Start(n.w.t.Context(), x.Person())
	if err != nil {
		n.w.t.Fatal(err)
	}
	return cookie
}

func (n *node) in(cookie string) bool {
	n.w.t.Helper()
	_, ok, err := n.Session(n.w.t.Context(), cookie)
	if err != nil {
		n.w.t.Error(err)
	}
	return ok
}

// mirrors says whether a server has a session in memory.
func (n *node) mirrors(cookie string) bool {
	key, _ := parseCookie(cookie)
	n.Sessions.mu.Lock()
	defer n.Sessions.mu.Unlock()
	_, ok := n.Sessions.known[key]
	return ok
}

// A session of one server is good at another at once, and ended everywhere when
// it is ended anywhere.
func TestSessionIsEverywhere(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x := a.person(access.Unit, "manager")
	var ended atomic.Int32
	b.Sessions.OnEnd(func(id [16]byte) {
		if id == x.ID {
			ended.Add(1)
		}
	})
	cookie, other := a.signedIn(x), a.signedIn(x)
	p, ok, err := b.Session(t.Context(), cookie)
	if err != nil || !ok || p.Account != x.ID || p.Unit != "SXD" || p.Role != access.Unit || p.TOTP || p.CSRF != CSRF(cookie) || p.CSRF == CSRF(other) || len(p.Session) != 64 {
		t.Fatalf("%+v %v %v", p, ok, err)
	}
	if len(cookie) != 43 || strings.Contains(p.Session, cookie) {
		t.Error(cookie, p.Session)
	}
	w.eventually("the other server has it", func() bool { return b.mirrors(cookie) })
	if err := a.Sessions.End(t.Context(), cookie); err != nil {
		t.Fatal(err)
	}
	if a.in(cookie) {
		t.Error("it goes on where it was ended")
	}
	from := time.Now()
	w.eventually("it is ended at the other server", func() bool { return !b.in(cookie) })
	t.Log("ended elsewhere after", time.Since(from))
	w.eventually("who asked for it is told", func() bool { return ended.Load() > 0 })
	if !a.in(other) || !b.in(other) {
		t.Error("another session was ended")
	}
	if err := b.Sessions.EndAllOf(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	w.eventually("all are ended everywhere", func() bool { return !a.in(other) && !b.in(other) })
	if again := b.signedIn(x); !a.in(again) || !b.in(again) {
		t.Error("nobody gets in any more")
	}
	for _, bad := range []string{"", cookie[:42], cookie + "A", strings.Repeat("A", 43), base64.RawURLEncoding.EncodeToString(make([]byte, 32)), strings.Repeat("x", 1<<20)} {
		if a.in(bad) {
			t.Errorf("%.50q is a session", bad)
		}
	}
}

// A session ends after its idle time, at every server.
func TestIdleSessionEnds(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	cookie := a.signedIn(a.person(access.Unit, "manager"))
	w.eventually("both have it", func() bool { return b.mirrors(cookie) })
	w.pass(Idle - time.Minute)
	if !b.in(cookie) { // this request tells all that it goes on
		t.Fatal("ended before its time")
	}
	w.eventually("the other knows of the request", func() bool {
		key, _ := parseCookie(cookie)
		a.Sessions.mu.Lock()
		defer a.Sessions.mu.Unlock()
		return w.now().Sub(a.Sessions.known[key].Last) < touchEvery
	})
	w.pass(Idle - time.Minute)
	if !a.in(cookie) {
		t.Fatal("ended before its time")
	}
	w.pass(Idle)
	for _, n := range w.nodes {
		if n.in(cookie) {
			t.Error("it lasts for ever")
		}
		n.Sessions.sweep()
		if n.mirrors(cookie) {
			t.Error("memory keeps what has ended")
		}
	}
}

// A session ends after its whole time, however busy it is.
func TestBusySessionEnds(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	cookie := n.signedIn(n.person(access.Unit, "manager"))
	for at := time.Duration(0); at < Absolute; at += 20 * time.Minute {
		if !n.in(cookie) {
			t.Fatal("ended after", at)
		}
		w.pass(20 * time.Minute)
	}
	if n.in(cookie) {
		t.Error("it lasts for ever")
	}
}

// Another cookie after the second factor: the one before is worth nothing, and
// the whole time goes on.
func TestRotate(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x := a.person(access.Administrator, "root1")
	before := a.signedIn(x)
	w.pass(20 * time.Minute)
	secret, _ := b.enrolled(x.ID)
	if a.in(before) || b.in(before) {
		t.Error("an account with a second factor goes on without it")
	}
	after, ok, err := b.Sessions.Rotate(t.Context(), before, true)
	if err != nil || !ok || after == before {
		t.Fatal(ok, err)
	}
	p, ok, err := a.Session(t.Context(), after)
	if err != nil || !ok || !p.TOTP || p.CSRF == CSRF(before) {
		t.Errorf("%+v %v %v", p, ok, err)
	}
	w.eventually("the one before is ended", func() bool {
		_, ok, err := a.Sessions.Get(t.Context(), before)
		return !ok && err == nil
	})
	s, ok, err := a.Sessions.Get(t.Context(), after)
	if err != nil || !ok || w.now().Sub(s.Created) < 20*time.Minute {
		t.Error("the whole time begins anew", s, ok, err)
	}
	if _, ok, err := a.Sessions.Rotate(t.Context(), before, true); ok || err != nil {
		t.Error("a session that was ended is rotated", err)
	}
	if err := a.SecondFactor(t.Context(), x.ID, w.digits(secret, 1), "203.0.113.7"); err != nil {
		t.Error(err)
	}
}

// While NATS is away, a server answers for the sessions that it knows, and what
// is ended then is ended at all once it is back; sessions outlive its restart.
func TestSessionsWithoutNATS(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x, y := a.person(access.Unit, "manager"), a.person(access.Auditor, "auditor")
	kept, ended, all := a.signedIn(x), a.signedIn(x), a.signedIn(y)
	w.eventually("both know them", func() bool {
		return b.mirrors(kept) && b.mirrors(ended) && b.mirrors(all)
	})
	w.b.Close()
	w.eventually("both are cut off", func() bool {
		one, _ := a.bus.State()
		two, _ := b.bus.State()
		return !one && !two
	})
	if !a.in(kept) || !b.in(kept) {
		t.Error("a session is not known without NATS")
	}
	if err := a.Sessions.End(t.Context(), ended); err != nil || a.in(ended) {
		t.Error("not ended", err)
	}
	if err := a.Sessions.EndAllOf(t.Context(), y.ID); err != nil || a.in(all) {
		t.Error("not ended", err)
	}
	if !b.in(ended) || !b.in(all) {
		t.Error("the other server can't know yet")
	}
	w.startBroker()
	w.eventually("what was ended is ended everywhere", func() bool { return !b.in(ended) && !b.in(all) })
	if !a.in(kept) || !b.in(kept) || a.in(ended) {
		t.Error("the wrong one")
	}
	b.stop() // a server that starts anew
	b.stop = b.start()
	w.eventually("it knows the sessions", func() bool { return b.mirrors(kept) })
	if !b.in(kept) || b.in(ended) || b.in(all) {
		t.Error("they were not kept")
	}
}

// All sessions of an account are ended, also one that the server that ends them
// has not heard of yet.
func TestEndAllOfUnheard(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x := a.person(access.Unit, "manager")
	cookie := b.signedIn(x)
	w.eventually("the other has it", func() bool { return a.mirrors(cookie) })
	key, _ := parseCookie(cookie)
	a.Sessions.mu.Lock()
	delete(a.Sessions.known, key)
	a.Sessions.mu.Unlock()
	if err := a.Sessions.EndAllOf(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	if a.in(cookie) {
		t.Error("it goes on")
	}
	w.eventually("it is ended everywhere", func() bool { return !b.in(cookie) })
}

// An account that was turned off lets nobody go on, before its sessions are
// ended.
func TestOffEndsAtOnce(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	x := n.person(access.Unit, "manager")
	cookie := n.signedIn(x)
	if _, err := n.Accounts.TurnOff(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	if n.in(cookie) {
		t.Error("it goes on")
	}
}

// A request that comes while a session is ended elsewhere does not bring it back.
func TestTouchDoesNotRevive(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x := a.person(access.Unit, "manager")
	for range 20 {
		cookie := a.signedIn(x)
		w.eventually("both have it", func() bool { return b.mirrors(cookie) })
		unaware, ok, err := b.Sessions.Get(t.Context(), cookie)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		w.pass(2 * touchEvery)
		done := make(chan bool)
		go func() {
			defer close(done)
			for range 5 {
				if _, _, err := b.Session(t.Context(), cookie); err != nil {
					t.Error(err)
				}
			}
		}()
		if err := a.Sessions.End(t.Context(), cookie); err != nil {
			t.Fatal(err)
		}
		<-done
		w.eventually("it is ended", func() bool { return !b.in(cookie) })
		if err := b.Sessions.update(t.Context(), unaware); !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
			t.Fatal("what was ended is written again:", err)
		}
	}
	// All that was under way is through: what the bucket has is final.
	w.eventually("the bucket has none", func() bool {
		kv, err := a.bus.KV(t.Context(), a.Sessions.bucket.name, a.Sessions.bucket.ttl)
		if err != nil {
			return false
		}
		keys, err := kv.Keys(t.Context())
		return err != nil && strings.Contains(err.Error(), jetstream.ErrNoKeysFound.Error()) && len(keys) == 0
	})
}
