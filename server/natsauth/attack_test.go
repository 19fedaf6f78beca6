package natsauth_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/server/broker"
	"hailong/server/natsauth/natsauthtest"
)

// field is a broker with a server, a kiosk that is attacked, and one that
// attacks, whose credential is good.
type field struct {
	*natsauthtest.Realm
	t              *testing.T
	b              *broker.Broker
	server, victim *bus.Bus
	keys           [2]ed25519.PrivateKey // the victim's, the attacker's
	js             jetstream.JetStream   // what a server may

	attacker *nats.Conn
	mu       sync.Mutex
	errs     []error // that NATS reported to the attacker
}

var origins = [2]fact.OriginID{{1}, {2}}

func newField(t *testing.T) *field {
	f := &field{Realm: natsauthtest.New(t), t: t, keys: [2]ed25519.PrivateKey{natsauthtest.Key(t), natsauthtest.Key(t)}}
	var err error
	if f.b, err = broker.Start(f.Broker(broker.Options{Dir: t.TempDir()})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.b.Close)
	f.server = f.bus(f.Server(bus.Options{}, natsauthtest.Key(t)))
	if _, err := f.server.EnsureStream(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.server.EnsureWords(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.victim = f.bus(f.Kiosk(bus.Options{}, f.keys[0]))
	f.sends(f.victim, "the victim's")
	if a, err := f.victim.PublishWords([]byte("the victim's words")); err != nil {
		t.Fatal(err)
	} else if _, err := a.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, serve := range []func() (func(), error){
		f.server.ServeDevices,
		func() (func(), error) {
			return f.server.ServeConfig(func(public []byte) (bus.KioskConfig, error) {
				return bus.KioskConfig{DeskName: hex.EncodeToString(public)}, nil
			})
		},
		func() (func(), error) {
			return f.server.OnAsk(func(public []byte, o fact.OriginID) {
				_ = f.server.PublishMark(public, fact.Mark{Server: "s1", Origin: o, Number: 7})
			})
		},
	} {
		stop, err := serve()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	nc, err := nats.Connect(f.b.URL(), f.Option())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if f.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	if f.attacker, err = nats.Connect(f.b.URL(), natsauthtest.As(f.credential(f.keys[1]), f.keys[1]), nats.CustomInboxPrefix("_I."+f.key(1)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			f.mu.Lock()
			f.errs = append(f.errs, err)
			f.mu.Unlock()
		})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.attacker.Close)
	return f
}

func (f *field) bus(o bus.Options) *bus.Bus {
	f.t.Helper()
	o.URL = f.b.URL()
	b, err := bus.Connect(o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(b.Close)
	_, done, err := b.Connected(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	done()
	return b
}

func (f *field) sends(b *bus.Bus, text string) {
	f.t.Helper()
	a, err := b.Publish(origins[0], []byte(text), fact.Mark{})
	if err == nil {
		_, err = a.Wait(f.t.Context())
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *field) credential(key ed25519.PrivateKey) string {
	f.t.Helper()
	token, err := f.Realm.Realm.Kiosk(key.Public().(ed25519.PublicKey))
	if err != nil {
		f.t.Fatal(err)
	}
	return token
}

// key is a public key as subjects have it.
func (f *field) key(i int) string { return hex.EncodeToString(f.keys[i].Public().(ed25519.PublicKey)) }

// messages counts those of both streams.
func (f *field) messages() (n uint64) {
	f.t.Helper()
	for _, name := range []string{bus.StreamName, bus.WordsStream} {
		s, err := f.js.Stream(f.t.Context(), name)
		if err != nil {
			f.t.Fatal("a stream is gone: ", err)
		}
		n += s.CachedInfo().State.Msgs
	}
	return n
}

// refused says whether NATS has refused the attacker what err tells of.
func (f *field) refused(what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.errs, func(err error) bool {
		return errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), `"`+what+`"`)
	})
}

// What one device's credential does not allow is refused, subject by subject.
func TestDeviceReachesItsOwnAlone(t *testing.T) {
	f := newField(t)
	victim, mine := f.key(0), f.key(1)
	there := f.messages()
	var publish, subscribe []string
	for _, key := range []string{victim, "*"} {
		for _, form := range []string{
			"hl.fact.%s.01000000000000000000000000000000", "hl.words.%s.00", "hl.mark.%s.01000000000000000000000000000000",
			"hl.ask.%s.01000000000000000000000000000000", "hl.config.%s", "hl.hash.s1.%s", "hl.held.s1.%s", "hl.stream.%s",
			"hl.own.%s.01000000000000000000000000000000", "_I.%s.x.y", "$JS.API.DIRECT.GET.HAILONG_FACTS.hl.fact.%s.01000000000000000000000000000000",
		} {
			subject := fmt.Sprintf(form, key)
			if key != "*" {
				publish = append(publish, subject)
			}
			subscribe = append(subscribe, subject)
		}
	}
	publish = append(publish,
		"hl.fact.01000000000000000000000000000000", "hl.words.00", "hl.want", "hl.gone", "hl.hash.s1", "hl.mark."+mine+".01000000000000000000000000000000",
		"_I."+mine+".x.y", "_INBOX.x",
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.INFO.HAILONG_FACTS", "$JS.API.STREAM.CREATE.X",
		"$JS.API.STREAM.UPDATE.HAILONG_FACTS", "$JS.API.STREAM.PURGE.HAILONG_FACTS", "$JS.API.STREAM.DELETE.HAILONG_FACTS",
		"$JS.API.STREAM.MSG.GET.HAILONG_FACTS", "$JS.API.STREAM.MSG.DELETE.HAILONG_WORDS", "$JS.API.STREAM.SNAPSHOT.HAILONG_FACTS",
		"$JS.API.DIRECT.GET.HAILONG_FACTS", "$JS.API.DIRECT.GET.HAILONG_WORDS.hl.words."+mine+".00", "$JS.API.DIRECT.GET.KV_sessions.$KV.sessions.x",
		"$JS.API.CONSUMER.CREATE.HAILONG_FACTS", "$JS.API.CONSUMER.CREATE.HAILONG_FACTS.c.hl.fact."+mine+".>", "$JS.API.CONSUMER.DURABLE.CREATE.HAILONG_FACTS.c",
		"$JS.API.CONSUMER.MSG.NEXT.HAILONG_FACTS.c", "$JS.API.CONSUMER.LIST.HAILONG_FACTS", "$JS.ACK.HAILONG_FACTS.c.1.1.1.1.1", "$KV.sessions.x",
		"$SYS.REQ.CLAIMS.UPDATE", "$SYS.REQ.SERVER.PING", "$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.PING.SUBSZ", "$SYS.ACCOUNT.X.CONNECT",
	)
	subscribe = append(subscribe, ">", "*", "hl.>", "hl.*.>", "hl.fact.>", "hl.*."+mine+".*", "hl.mark.>", "hl.words.>", "hl.config.*", "hl.config."+mine,
		"hl.ask."+mine+".*", "_I.>", "_I.*.>", "_INBOX.>", "_R_.>", "$SYS.>", "$JS.>", "$JS.EVENT.>", "$KV.>", "hl.time")
	for _, subject := range publish {
		if err := f.attacker.PublishRequest(subject, "_I."+mine+".x.y", []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan *nats.Msg, 100)
	for _, subject := range subscribe {
		for _, queue := range []string{"", "hl-servers"} {
			if _, err := f.attacker.ChanQueueSubscribe(subject, queue, got); err != nil {
				t.Fatal(err)
			}
		}
	}
	// There is something to hear.
	f.sends(f.victim, "more of the victim's")
	if err := f.victim.Ask(origins[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := f.victim.Config(t.Context(), f.keys[0].Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	if err := f.attacker.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, subject := range slices.Concat(publish, subscribe) {
		until(t, "refused: "+subject, func() bool { return f.refused(subject) })
	}
	select {
	case m := <-got:
		t.Errorf("heard on %s: %q", m.Subject, m.Data)
	default:
	}
	if n := f.messages(); n != there+1 {
		t.Errorf("%d messages in the streams, there were %d and one more came", n, there)
	}
}

// A device chooses where it is answered. Whatever it chooses, nothing is done in
// another's name: the streams stay, nobody's messages are replaced, and what
// servers tell a device no other device can tell it.
func TestAnswersAreNoWeapon(t *testing.T) {
	f := newField(t)
	victim, mine := f.key(0), f.key(1)
	there := f.messages()
	told := make(chan fact.Mark, 10)
	stop, err := f.victim.OnMarks(origins[0], func(m fact.Mark) { told <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	gone := make(chan [][32]byte, 10)
	stopGone, err := f.victim.OnGone(func(d [][32]byte) { gone <- d })
	if err != nil {
		t.Fatal(err)
	}
	defer stopGone()
	forged, err := fact.Marshal(&fact.Mark{Server: "s1", Origin: origins[0], Number: 99, CaughtUp: true})
	if err != nil {
		t.Fatal(err)
	}
	own := "hl.fact." + mine + "." + origins[1].String()
	// What the attacker stores comes back, byte for byte, where it wants.
	for _, bytes := range [][]byte{forged, bytes.Repeat([]byte{1}, 64), []byte(`{"seq":1000}`), nil} {
		if _, err := f.attacker.Request(own, bytes, time.Minute); err != nil {
			t.Fatal(err)
		}
		there++
		for _, ask := range []string{
			own, // the stream's acknowledgement
			"$JS.API.DIRECT.GET.HAILONG_FACTS." + own, "hl.own." + mine + "." + origins[1].String(), "hl.config." + mine, "hl.stream." + mine,
		} {
			for _, reply := range []string{
				"$JS.API.STREAM.PURGE.HAILONG_FACTS", "$JS.API.STREAM.DELETE.HAILONG_FACTS", "$JS.API.STREAM.DELETE.HAILONG_WORDS",
				"$JS.API.STREAM.MSG.DELETE.HAILONG_FACTS", "$SYS.REQ.CLAIMS.UPDATE",
				"hl.mark." + victim + "." + origins[0].String(), "hl.gone", "hl.want",
				"hl.fact." + victim + "." + origins[0].String(), "hl.words." + victim + ".00",
			} {
				question := []byte("0")
				if strings.HasPrefix(ask, "$JS") {
					question = nil
				}
				if ask == own {
					question = bytes
					there++
				}
				if err := f.attacker.PublishRequest(ask, reply, question); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	// Answers come in the order of the questions: all were given.
	for _, ask := range []string{own, "hl.own." + mine + "." + origins[1].String(), "hl.config." + mine} {
		if _, err := f.attacker.Request(ask, []byte("0"), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	there++
	// What a server tells comes after them.
	if err := f.server.TellGone([][32]byte{{5}}); err != nil {
		t.Fatal(err)
	}
	if d := <-gone; len(d) != 1 || d[0] != [32]byte{5} {
		t.Errorf("a device had another erase %x", d)
	}
	if err := f.victim.Ask(origins[0]); err != nil {
		t.Fatal(err)
	}
	if m := <-told; m.Number != 7 {
		t.Errorf("told %+v", m)
	}
	if n := f.messages(); n != there {
		t.Errorf("%d messages in the streams, %d were sent", n, there)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("never: ", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}
