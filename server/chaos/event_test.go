package chaos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/bus"
)

// storm is the mix of what happens to a world.
type storm struct {
	*world
	rng    *rand.Rand
	deck   []event
	counts map[string]int
	sample []*nats.Msg // messages that the stream once held
	tmpfs  bool        // K2 is on a small disk of its own
	// An outbox was put back: what it had recorded since is on the servers alone.
	destroyed bool
}

type event struct {
	name string
	do   func()
}

func newStorm(w *world, seed uint64, tmpfs bool) *storm {
	return &storm{world: w, rng: rand.New(rand.NewPCG(seed, 1<<32)), counts: map[string]int{}, tmpfs: tmpfs}
}

// events are dealt like cards, so that each comes up however few rounds there
// are.
func (s *storm) events() []event {
	all := []event{
		{"kill", s.kill}, {"kill", s.kill}, {"kill", s.kill}, {"kill", s.kill},
		{"all killed", s.killAll},
		{"stop", s.stop}, {"stop", s.stop},
		{"cut", s.cut}, {"cut", s.cut}, {"cut", s.cut},
		{"stream lost", s.loseStream},
		{"stream and projections lost", s.loseMuch},
		{"projection put back", s.oldProjection}, {"projection put back", s.oldProjection},
		{"projection lost", s.noProjection},
		{"words lost", s.noWords},
		{"kiosk's outbox put back", func() { s.oldOutbox(s.kiosks[s.rng.IntN(len(s.kiosks))]) }},
		{"server's outbox put back", func() { s.oldOutbox(s.servers[s.rng.IntN(len(s.servers))]) }},
		{"clock", s.clock}, {"clock", s.clock},
		{"sent again", s.sendAgain}, {"sent again", s.sendAgain},
	}
	if s.tmpfs {
		all = append(all, event{"disk full", s.fill})
	}
	s.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// round does one thing, and brings back what has been away long enough.
func (s *storm) round() {
	for _, d := range s.devices() {
		if d.down > 0 {
			if d.down--; d.down == 0 {
				s.up(d)
			}
		}
		if d.link != nil && s.rng.IntN(3) == 0 {
			d.link.set(linkWhole)
		}
		if d.filler != "" && s.rng.IntN(2) == 0 {
			s.empty(d)
		}
	}
	if len(s.deck) == 0 {
		s.deck = s.events()
	}
	e := s.deck[0]
	s.deck = s.deck[1:]
	s.counts[e.name]++
	s.logged("%s", e.name)
	e.do()
	// How long things stay as they are is part of the mix.
	<-time.After(time.Duration(50+s.rng.IntN(450)) * time.Millisecond)
}

// logged writes what is done beside the devices' own logs.
func (w *world) logged(format string, args ...any) {
	f, err := os.OpenFile(filepath.Join(w.dir, "events.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintf(f, time.Now().Format("15:04:05.000 ")+format+"\n", args...)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		w.t.Error(err)
	}
}

func (s *storm) any() *device {
	all := s.devices()
	return all[s.rng.IntN(len(all))]
}

// signal is -9 or an orderly end.
func (s *storm) signal() syscall.Signal {
	if s.rng.IntN(2) == 0 {
		return syscall.SIGTERM
	}
	return syscall.SIGKILL
}

// away leaves a device that was ended down for some rounds, or starts it at once.
func (s *storm) away(d *device) {
	if d.down = s.rng.IntN(4); d.down == 0 {
		s.up(d)
	}
}

func (s *storm) kill() {
	d := s.any()
	s.logged("  kill %s", d.name)
	s.halt(d, syscall.SIGKILL)
	s.away(d)
}

// killAll is the power failing in the whole province.
func (s *storm) killAll() {
	all := s.devices()
	for _, d := range all {
		s.halt(d, syscall.SIGKILL)
	}
	s.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, d := range all {
		s.away(d)
	}
}

// stop ends a device, copies what a later round will put back, and has a server
// that is down register dossiers that kiosks may have met already.
func (s *storm) stop() {
	d := s.any()
	s.logged("  stop %s", d.name)
	s.halt(d, s.signal())
	s.copyDatabases(d)
	if d.server {
		s.registerLate(d, 1+s.rng.IntN(20))
	}
	s.away(d)
}

// copyDatabases copies the databases of a device that is down.
func (s *storm) copyDatabases(d *device) {
	const most = 3
	keep := func(have []string, name string) []string {
		have = append(have, s.keep(d, name))
		for len(have) > most {
			i := s.rng.IntN(len(have))
			if err := os.RemoveAll(have[i]); err != nil {
				s.t.Error(err)
			}
			have = append(have[:i:i], have[i+1:]...)
		}
		return have
	}
	d.outboxes = keep(d.outboxes, "outbox.db")
	// A server that lost its projection and was stopped before it had made
	// another has none to copy.
	if _, err := os.Stat(filepath.Join(d.data, "server.db")); d.server && !errors.Is(err, fs.ErrNotExist) {
		d.projections = keep(d.projections, "server.db")
	}
}

func (s *storm) cut() {
	k := s.kiosks[s.rng.IntN(len(s.kiosks))]
	state := linkCut + s.rng.IntN(2)
	s.logged("  link of %s: %d", k.name, state)
	k.link.set(state)
	if s.rng.IntN(3) == 0 { // a moment only
		<-time.After(time.Duration(s.rng.IntN(100)) * time.Millisecond)
		k.link.set(linkWhole)
	}
}

func (s *storm) removeStream() {
	a := s.servers[0]
	s.halt(a, s.signal())
	if err := os.RemoveAll(s.stream); err != nil {
		s.t.Fatal(err)
	}
}

func (s *storm) loseStream() {
	s.removeStream()
	s.away(s.servers[0])
}

// loseMuch leaves only the outboxes, and what older copies hold.
func (s *storm) loseMuch() {
	s.removeStream()
	for _, d := range s.servers {
		s.halt(d, s.signal())
		s.oldCopy(d)
	}
	for _, d := range s.servers {
		s.up(d)
	}
}

// oldCopy puts back a server's projection, where there is a copy.
func (s *storm) oldCopy(d *device) {
	if len(d.projections) > 0 {
		dir := d.projections[s.rng.IntN(len(d.projections))]
		s.logged("  projection of %s from %s", d.name, filepath.Base(dir))
		s.putBack(d, dir, "server.db")
	}
}

func (s *storm) oldProjection() {
	d := s.servers[s.rng.IntN(len(s.servers))]
	s.halt(d, s.signal())
	if len(d.projections) == 0 {
		s.copyDatabases(d)
	} else {
		s.oldCopy(d)
	}
	s.away(d)
}

// noProjection deletes a server's projection: it fills itself anew. Where an
// outbox was put back, some facts are on the servers alone: then it may happen
// only while the other has all, and nothing else happens until both have.
func (s *storm) noProjection() {
	d := s.servers[s.rng.IntN(len(s.servers))]
	if s.destroyed {
		s.whole()
		s.settled(false, s.devices()...)
	}
	s.halt(d, s.signal())
	s.logged("  projection of %s deleted", d.name)
	for _, f := range database(filepath.Join(d.data, "server.db")) {
		if err := os.RemoveAll(f); err != nil {
			s.t.Fatal(err)
		}
	}
	if s.destroyed {
		if s.rng.IntN(2) == 0 {
			s.removeStream()
		}
		s.whole()
		s.settled(false, s.devices()...)
		return
	}
	s.away(d)
}

// oldOutbox puts back an older copy of an outbox. What was recorded since the
// copy is then nowhere but on the servers, and so the operator may do it only
// when they hold all of it, and may not put back copies of the servers from
// before: nobody can bring back a fact whose only copies were destroyed.
func (s *storm) oldOutbox(d *device) {
	if len(d.outboxes) == 0 {
		s.halt(d, s.signal())
		s.copyDatabases(d)
		s.away(d)
		return
	}
	s.whole()
	d.gate.Lock()
	defer d.gate.Unlock()
	s.settled(true, d)
	s.halt(d, s.signal())
	dir := d.outboxes[s.rng.IntN(len(d.outboxes))]
	s.logged("  outbox of %s from %s", d.name, filepath.Base(dir))
	s.putBack(d, dir, "outbox.db")
	for _, server := range s.servers {
		server.projections = nil
	}
	s.destroyed = true
	if d.link != nil && s.rng.IntN(2) == 0 {
		d.link.set(linkCut) // it goes on with the old chain until it meets a server
	}
	s.away(d)
}

// clock starts a kiosk with another boot, and its wall clock in 1970, a year
// ahead, or right.
func (s *storm) clock() {
	k := s.kiosks[s.rng.IntN(len(s.kiosks))]
	s.halt(k, s.signal())
	k.boot = "boot"
	switch s.rng.IntN(3) {
	case 0:
		k.wall = strconv.FormatInt(-time.Now().UnixMilli(), 10)
	case 1:
		k.wall = strconv.FormatInt(365*24*time.Hour.Milliseconds(), 10)
	default:
		k.wall = "0"
	}
	s.logged("  clock of %s off by %s ms", k.name, k.wall)
	s.away(k)
}

// sendAgain publishes messages that the stream holds, or held before it was
// lost, once more: as a device may whose acks did not arrive.
func (s *storm) sendAgain() {
	nc, err := nats.Connect("nats://"+s.nats, s.realm.Option(), nats.Timeout(2*time.Second), nats.NoReconnect())
	if err != nil {
		return // server a is down
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	if st, err := js.Stream(ctx, bus.StreamName); err == nil {
		state := st.CachedInfo().State
		for range min(20, int(state.Msgs)) {
			m, err := st.GetMsg(ctx, state.FirstSeq+s.rng.Uint64N(state.Msgs))
			if err != nil {
				break
			}
			again := nats.NewMsg(m.Subject)
			again.Data = m.Data
			if s.rng.IntN(2) == 0 {
				again.Header = m.Header
			}
			s.sample = append(s.sample, again)
		}
	}
	sent := 0
	for range min(20, len(s.sample)) {
		if _, err := js.PublishMsg(ctx, s.sample[s.rng.IntN(len(s.sample))]); err != nil {
			break // server a is being killed, or its stream is gone
		}
		sent++
	}
	s.logged("  sent again: %d", sent)
}

// fill leaves no room on the small disk under K2, where whoever taps is told so,
// and is not thanked.
func (s *storm) fill() {
	k := s.kiosks[len(s.kiosks)-1]
	if k.filler == "" {
		s.fillDisk(k)
	}
}

func (w *world) fillDisk(k *device) {
	w.t.Helper()
	name := filepath.Join(k.data, "filler")
	f, err := os.Create(name)
	if err != nil {
		w.t.Fatal(err)
	}
	k.filler = name
	for _, size := range []int{1 << 20, 4 << 10, 1} {
		for block := make([]byte, size); err == nil; {
			_, err = f.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			w.t.Fatal(err)
		}
		err = nil
	}
	if err := f.Close(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) empty(d *device) {
	w.t.Helper()
	if d.filler != "" {
		if err := os.Remove(d.filler); err != nil {
			w.t.Fatal(err)
		}
		d.filler = ""
	}
}
