package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/survey"
	"hailong/internal/uplink"
	"hailong/server/api"
	"hailong/server/natsauth/natsauthtest"
	"hailong/server/projection"
)

// digest is over all that a server computed.
func (s *station) digest() string {
	s.t.Helper()
	d, err := projection.Digest(s.t.Context(), s.proj.Reader())
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// agree waits until all servers have what all of them and the kiosks recorded,
// and compares their results.
func agree(t *testing.T, kiosks []*counter, servers ...*station) {
	t.Helper()
	for _, s := range servers {
		for _, k := range kiosks {
			s.has(k)
		}
	}
	digests := make([]string, len(servers))
	eventually(t, "the servers record nothing while they are compared", func() bool { // a checkpoint comes by itself
		heads := make([]fact.Mark, len(servers))
		for i, other := range servers {
			heads[i] = other.outbox.Head()
			for _, s := range servers {
				s.reaches(heads[i].Origin, heads[i].Number)
			}
		}
		for i, s := range servers {
			digests[i] = s.digest()
		}
		return !slices.ContainsFunc(servers, func(s *station) bool { return !slices.Contains(heads, s.outbox.Head()) })
	})
	for i, s := range servers {
		if digests[i] != digests[0] {
			t.Errorf("digests differ: %s at %s, %s at %s", digests[0], servers[0].c.Name, digests[i], s.c.Name)
		}
	}
}

// Two servers that share keys and stream compute the same, to the bit, also
// where one began later or lost its database.
func TestTwoServers(t *testing.T) {
	dir := t.TempDir()
	a := start(t, filepath.Join(dir, "a"), "--name=a", "--servers=a,b")
	a.organise(nil)
	k := startKiosk(t, a.url, t.TempDir())
	a.admit("K01", k.key())
	k.placed()
	receipts := a.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3), code(4), code(5), code(6))
	for i, r := range receipts[:4] {
		k.rate(r.URL, 1+i, "")
	}
	k.rate(code(5), 5, "")
	k.rate("", 3, "")

	second := func() *station {
		return start(t, filepath.Join(dir, "b"), "--name=b", "--servers=a,b", "--nats="+a.NATS(), "--keys="+filepath.Join(dir, "a.keys"))
	}
	b := second()
	agree(t, []*counter{k}, a, b)
	// What is rated by phone at one counts at the other; a dossier may be
	// registered at either, once.
	if r := b.byPhone(receipts[5].ID, "5"); r.status != 303 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := a.byPhone(receipts[0].ID, "4"); r.status != 303 {
		t.Errorf("%d %s", r.status, r.body)
	}
	b.register("MC-VPUB", anHourAgo(), code(7))
	again := api.Dossier{Code: code(1), Desk: "MC-VPUB", Received: anHourAgo()}
	b.postJSON("/api/v1/receipts", again, 409, nil)
	k.rate(code(7), 4, "")
	agree(t, []*counter{k}, a, b)
	if row := a.index("VPUB", "administrative"); row.Answers+row.Waiting != 7 || row.WalkIns != 1 {
		t.Errorf("%+v", row)
	}

	// B's database is lost: from the stream, and from its own outbox, it is as before.
	b.stop()
	k.rate(receipts[1].ID, 5, "")
	lost, err := filepath.Glob(filepath.Join(dir, "b", "server.db*"))
	if err != nil || len(lost) == 0 {
		t.Fatal(lost, err)
	}
	for _, file := range lost {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	b = second()
	agree(t, []*counter{k}, a, b)
	if r := b.byPhone(receipts[1].ID, "1"); r.status != 303 {
		t.Errorf("%d %s", r.status, r.body)
	}
	agree(t, []*counter{k}, a, b)
}

// A fact of a kind that nobody here knows is set aside and shown; the chain goes
// on behind it.
func TestQuarantine(t *testing.T) {
	s := organised(t)
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3), code(4), code(5))
	dir := t.TempDir()
	key, err := outbox.LoadKey(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	box, err := outbox.Open(t.Context(), filepath.Join(dir, "outbox.db"), outbox.Options{Key: key, Role: fact.RoleKiosk, Name: "K01"})
	if err != nil {
		t.Fatal(err)
	}
	link, err := bus.Connect(natsauthtest.Of(t, s.keys).Kiosk(bus.Options{Name: "test", URL: s.NATS()}, key))
	if err != nil {
		t.Fatal(err)
	}
	up := uplink.New(uplink.Options{
		Outbox: box, Bus: link, Servers: func() []string { return []string{"s1"} }, Stamp: outbox.SystemStamp,
		Clock: func(ctx context.Context, c fact.Clock) error {
			_, err := box.Append(ctx, fact.Entry{Kind: fact.KindClock, Body: &c})
			return err
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- up.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		link.Close()
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	public := key.Public().(ed25519.PublicKey)
	s.admit("K01", hexOf(public))

	if _, err := box.Append(t.Context(), fact.Entry{Kind: 4711, Body: map[string]string{"of": "a newer program"}}); err != nil {
		t.Fatal(err)
	}
	bad := &fact.Rating{Session: make([]byte, 16), Nonce: make([]byte, 16), Score: 9, Channel: uint8(survey.ChannelKiosk)}
	if _, err := box.Append(t.Context(), fact.Entry{Kind: fact.KindRating, Body: bad}); err != nil {
		t.Fatal(err)
	}
	for _, r := range receipts {
		hash := idHash(t, r.ID)
		rating := &fact.Rating{Receipt: hash[:], Session: make([]byte, 16), Nonce: make([]byte, 16), Score: 5, Channel: uint8(survey.ChannelKiosk), Language: "vi"}
		if _, err := box.Append(t.Context(), fact.Entry{Kind: fact.KindRating, Body: rating}); err != nil {
			t.Fatal(err)
		}
	}
	head := box.Head()
	s.reaches(head.Origin, head.Number)
	eventually(t, "the ratings are dated by a clock fact, and count", func() bool { return s.index("VPUB", "administrative").Answers == 5 })
	head = box.Head()
	eventually(t, "the watermark passes what is set aside", func() bool {
		marks, err := box.Marks(t.Context())
		return err == nil && len(marks) == 1 && marks[0].Number >= head.Number
	})
	page := look(t, s.url+"/status?lang=en", s.operator()...).body
	for _, want := range []string{head.Origin.String(), "4711", "score out of 1–5"} {
		if !strings.Contains(page, want) {
			t.Errorf("/status does not say %q: %s", want, page)
		}
	}
	if metrics := ask(t, "GET", s.url+"/metrics", "", s.operator()...).body; !strings.Contains(metrics, `hailong_set_aside{kind="quarantine"} 2`) {
		t.Error("/metrics does not count what is set aside")
	}
}
