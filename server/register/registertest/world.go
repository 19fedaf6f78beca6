// Package registertest puts together a server's real outbox and projection for
// tests, with the stream between them left out: batches go straight across.
package registertest

import (
	"context"
	"crypto/ed25519"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/server/keyring"
	"hailong/server/organisation"
	"hailong/server/projection"
	"hailong/server/register"
)

// Now is the time in a World: a Monday in working hours, in Vietnam.
var Now = time.Date(2026, time.November, 23, 3, 0, 0, 0, time.UTC)

// Base is the address in a World's receipts.
const Base = "https://danhgia.example.vn"

// Organisation is the file that a World begins with.
const Organisation = `province: {name: "Tỉnh Mẫu", name_en: "Sample Province"}
unit_kinds:
  - {code: tinh, name: "Ủy ban nhân dân tỉnh"}
  - {code: so, name: "Sở"}
  - {code: sn, name: "Đơn vị sự nghiệp công lập"}
units:
  - {code: H41, name: "Ủy ban nhân dân tỉnh", kind: tinh}
  - {code: SXD, name: "Sở Xây dựng", kind: so, parent: H41}
  - {code: OLD, name: "Sở Cũ", kind: so, parent: H41, until: 2025-07-01}
  - {code: BV, name: "Bệnh viện Đa khoa", kind: sn, parent: H41}
desks:
  - {code: D1, unit: SXD, name: "Bộ phận một cửa Sở Xây dựng", service: administrative}
  - {code: D2, unit: H41, name: "Trung tâm Phục vụ hành chính công", service: administrative}
  - {code: DBV, unit: BV, name: "Khoa Khám bệnh", service: public}
kiosks:
  - {code: K01, desk: D1, name: "Máy 1"}
targets:
  - {kind: so, service: administrative, operator: ">", percent: "95", from: 2018-01-01}
`

// World is a server without network.
type World struct {
	*register.Register
	Outbox     *outbox.Outbox
	Projection *projection.Projection
	Keys       *keyring.Ring
	Dir        string // of the database files
	Log        io.Writer
	// Stamp, where it is set, says when the outbox records; else the machine's clock does.
	Stamp func() fact.Stamp

	t       testing.TB
	mu      sync.Mutex
	paused  bool
	numbers map[fact.OriginID]uint64
	at      projection.Position
}

// New makes a World with Organisation loaded. log may be nil.
func New(t testing.TB, log io.Writer) *World {
	t.Helper()
	if log == nil {
		log = io.Discard
	}
	ring, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &World{t: t, Keys: ring, Dir: t.TempDir(), Log: log, numbers: map[fact.OriginID]uint64{}}
	ctx := context.Background()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public().(ed25519.PublicKey)
	w.Outbox, err = outbox.Open(ctx, filepath.Join(w.Dir, "outbox.db"), outbox.Options{
		Key: key, Role: fact.RoleServer, Name: "server", Member: ring.Member(public), Stamp: w.stamp,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Projection, err = projection.Open(ctx, filepath.Join(w.Dir, "server.db"), projection.Options{
		Server: "s1", Keys: ring, CacheKiB: 2048, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			case <-w.Outbox.Changed():
				w.mu.Lock()
				if !w.paused {
					w.pump()
				}
				w.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-ended
		if err := w.Projection.Close(); err != nil {
			t.Error(err)
		}
		if err := w.Outbox.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Restart(w.Outbox)
	o, err := organisation.Parse("test.yaml", []byte(Organisation))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.LoadOrganisation(ctx, o); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *World) stamp() fact.Stamp {
	if w.Stamp != nil {
		return w.Stamp()
	}
	return outbox.SystemStamp()
}

// Restart makes the use case anew, as a process that starts does.
func (w *World) Restart(recorder register.Recorder) {
	w.t.Helper()
	r, err := register.New(context.Background(), register.Options{
		Recorder: recorder, Backlog: w.Outbox, Projection: w.Projection, Keys: w.Keys,
		DB: w.Projection.Reader(), BaseURL: Base, Now: func() time.Time { return Now },
		Wait: 10 * time.Second,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Register = r
}

// Pause keeps what is recorded from the projection until Resume.
func (w *World) Pause() {
	w.mu.Lock()
	w.paused = true
	w.mu.Unlock()
}

// Resume lets the projection have everything.
func (w *World) Resume() {
	w.mu.Lock()
	w.paused = false
	w.pump()
	w.mu.Unlock()
}

// pump applies what the outbox has more than the projection; w.mu is held.
func (w *World) pump() {
	ctx := context.Background()
	chains, err := w.Outbox.Chains(ctx)
	if err != nil {
		w.t.Error(err)
		return
	}
	for _, c := range chains {
		for {
			data, last, err := w.Outbox.Batch(ctx, c.Origin, w.numbers[c.Origin], fact.MaxBatch, 1<<20)
			if err != nil {
				w.t.Error(err)
				return
			}
			if data == nil {
				break
			}
			w.at.Stream, w.at.Sequence = 1, w.at.Sequence+1
			if err := w.Projection.Apply(ctx, w.Projection.Open([][]byte{data}), w.at, true); err != nil {
				w.t.Error(err)
				return
			}
			w.numbers[c.Origin] = last
		}
	}
}

// Take applies batches of another origin, as the stream would bring them.
func (w *World) Take(batches ...[]byte) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at.Stream, w.at.Sequence = 1, w.at.Sequence+1
	if err := w.Projection.Apply(context.Background(), w.Projection.Open(batches), w.at, true); err != nil {
		w.t.Fatal(err)
	}
}

// Facts is how many facts the outbox holds.
func (w *World) Facts() uint64 { return w.Outbox.Head().Number }
