package projection

import (
	"context"
	"crypto/sha256"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/fact"
	"hailong/internal/rowspace"
	"hailong/server/keyring"
)

// A watcher sees every block of a projection whenever it changes. Its unknowns
// are ratings.
type watcher struct {
	t        *rapid.T
	p        *Projection
	unknowns map[int64]int // by fact id
	seen     map[string]bool
	space    rowspace.Space
	moves    int
	waits    int // ballots held back, at most
}

type blockKey struct{ cell, last int64 }

// look checks that blocks are sums of ballots as they are shown, and keeps what
// is new.
func (x *watcher) look() {
	ctx, db := context.Background(), x.p.Reader()
	each := func(query string, fn func(scan func(...any) error) error) {
		r, err := db.QueryContext(ctx, query)
		if err != nil {
			x.t.Fatal(err)
		}
		defer r.Close()
		for r.Next() {
			if err := fn(r.Scan); err != nil {
				x.t.Fatal(err)
			}
		}
		if err := r.Err(); err != nil {
			x.t.Fatal(err)
		}
	}
	type shown struct {
		ballot, rating, day int64
		f                   [8]int64
	}
	values := func(day, score, channel, binding, changed int64) (f [8]int64) {
		f[score-1] = 1
		f[5], f[6], f[7] = bit(channel == 1), bit(binding == 1), changed
		return f
	}
	ballots := map[int64][]shown{} // by cell, as shown
	tail := map[int64]int{}
	held := map[[2]int64]bool{}
	ends := map[int64][]int64{}
	sums := map[blockKey][8]int64{}
	each(`SELECT cell, last, first, s1, s2, s3, s4, s5, kiosk, receipt, changed FROM block ORDER BY cell, last`, func(scan func(...any) error) error {
		var k blockKey
		var first int64
		var f [8]int64
		err := scan(&k.cell, &k.last, &first, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &f[7])
		ends[k.cell], sums[k] = append(ends[k.cell], k.last), f
		return err
	})
	n := 0
	each(`SELECT cell, ballot, now_day, now_score, was_day, was_score, was_channel, was_binding, was_changed, was_rating, now_rating FROM held`, func(scan func(...any) error) error {
		var cell, nowDay, nowScore, nowRating int64
		var s shown
		var score, channel, binding, changed int64
		if err := scan(&cell, &s.ballot, &nowDay, &nowScore, &s.day, &score, &channel, &binding, &changed, &s.rating, &nowRating); err != nil {
			return err
		}
		n++
		held[[2]int64{cell, s.ballot}] = true
		if score > 0 {
			s.f = values(s.day, score, channel, binding, changed)
			ballots[cell] = append(ballots[cell], s)
		} else if _, seen := x.unknowns[nowRating]; !seen && (len(ends[cell]) == 0 || nowDay > ends[cell][len(ends[cell])-1]) {
			tail[cell]++
		}
		return nil
	})
	x.waits = max(x.waits, n)
	for cell, n := range tail {
		if n >= 5 {
			x.t.Fatalf("cell %d keeps %d ballots for a block of its own", cell, n)
		}
	}
	each(`SELECT c.id, b.id, b.fact, b.day, b.score, b.channel, b.binding, b.changed FROM ballot b JOIN cell c ON c.unit = b.unit AND c.service = b.service AND c.desk = b.desk
		WHERE b.score > 0 AND b.kind IN (1, 2)`, func(scan func(...any) error) error {
		var cell, score, channel, binding, changed int64
		var s shown
		if err := scan(&cell, &s.ballot, &s.rating, &s.day, &score, &channel, &binding, &changed); err != nil {
			return err
		}
		if !held[[2]int64{cell, s.ballot}] {
			s.f = values(s.day, score, channel, binding, changed)
			ballots[cell] = append(ballots[cell], s)
		}
		return nil
	})
	batches := map[blockKey][]int64{}
	each(`SELECT cell, last, ballots FROM batch`, func(scan func(...any) error) error {
		var k blockKey
		var raw []byte
		if err := scan(&k.cell, &k.last, &raw); err != nil {
			return err
		}
		ids, err := UnpackBallots(raw)
		batches[k] = append(batches[k], ids...)
		return err
	})
	want, in, rows := map[blockKey][8]int64{}, map[blockKey][]int64{}, map[blockKey][]int{}
	for cell, bs := range ballots {
		for _, s := range bs {
			i, _ := slices.BinarySearch(ends[cell], s.day)
			if i == len(ends[cell]) {
				x.t.Fatalf("cell %d shows ballot %d on day %d, where no block is", cell, s.ballot, s.day)
			}
			k := blockKey{cell, ends[cell][i]}
			f := want[k]
			for j := range f {
				f[j] += s.f[j]
			}
			want[k], in[k] = f, append(in[k], s.ballot)
			u, ok := x.unknowns[s.rating]
			if !ok {
				u = len(x.unknowns)
				x.unknowns[s.rating] = u
			}
			rows[k] = append(rows[k], u)
		}
	}
	for k, f := range sums {
		slices.Sort(in[k])
		slices.Sort(batches[k])
		if want[k] != f || !slices.Equal(in[k], batches[k]) || len(in[k]) < 5 {
			x.t.Fatalf("block %v is %v, want %v of ballots %v; its batches have %v", k, f, want[k], in[k], batches[k])
		}
		slices.Sort(rows[k])
		if name := fmt.Sprint(rows[k]); !x.seen[name] {
			x.seen[name] = true
			x.space.Add(rowspace.Set(rows[k]))
			x.moves++
		}
	}
	if len(want) != len(sums) {
		x.t.Fatalf("%d blocks, want %d", len(sums), len(want))
	}
	if single := x.space.Single(); len(single) > 0 {
		x.t.Fatalf("%d ratings follow from what was shown", len(single))
	}
}

// people registers dossiers and lets them be rated on any day, in any order:
// late, again, taken back, at another desk.
func people(t *rapid.T, ring *keyring.Ring) *world {
	w := &world{t: t, ring: ring, rng: mrand.New(mrand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), now: 1_790_000_000_000}
	w.servers = append(w.servers, w.chain(fact.RoleServer, nil, fact.Opened{Name: "s"}))
	return w
}

func (w *world) live(day int64, say func(kind fact.Kind, body any)) {
	const milli = 86_400_000
	start := int64(1_790_000_000_000)
	pastOr := func(d int64) int64 {
		if rapid.IntRange(0, 3).Draw(w.t, "late") == 0 {
			d -= rapid.Int64Range(0, min(d, 40)).Draw(w.t, "by")
		}
		return start + d*milli
	}
	switch rapid.IntRange(0, 12).Draw(w.t, "live") {
	case 2: // ratings are declared void, or count again
		v := fact.Void{Origin: w.servers[0].id, First: rapid.Uint64Range(1, w.servers[0].number).Draw(w.t, "void from"), Reason: "x"}
		v.Last = v.First + rapid.Uint64Range(0, 30).Draw(w.t, "void facts")
		if len(w.void) > 0 && rapid.Bool().Draw(w.t, "lift") {
			v = pick(w, w.void)
			v.Lift = true
		}
		w.void = append(w.void, v)
		say(fact.KindVoid, &v)
	case 0: // somebody changes an answer, or takes it back
		if len(w.said) > 0 {
			again := pick(w, w.said).r
			w.now = start + day*milli
			if rapid.IntRange(0, 3).Draw(w.t, "back") == 0 {
				say(fact.KindWithdrawal, &fact.Withdrawal{Receipt: again.Receipt, Session: again.Session})
				return
			}
			again.Score, again.Nonce = uint8(rapid.IntRange(1, 5).Draw(w.t, "again")), w.seeded(16)
			say(fact.KindRating, &again)
		}
	case 1: // a dossier was registered at the wrong desk
		if len(w.ballots) > 0 {
			w.now = start + day*milli
			say(fact.KindDossier, &fact.Dossier{Ballot: pick(w, w.ballots), Unit: "U", Desk: pick(w, desks[:2]), Service: 1, Received: start + 100*milli})
		}
	default:
		hash := sha256.Sum256(w.seeded(8))
		w.now = start
		say(fact.KindDossier, &fact.Dossier{Ballot: hash[:], Unit: "U", Desk: pick(w, append(desks[:1:1], desks[:2]...)), Service: 1, Received: start + 100*milli})
		say(fact.KindReceipt, &fact.Receipt{Hash: hash[:], Ballot: hash[:]})
		w.now = pastOr(day)
		r := fact.Rating{Receipt: hash[:], Session: w.seeded(16), Nonce: w.seeded(16), Channel: uint8(rapid.IntRange(1, 2).Draw(w.t, "channel")),
			Score: uint8(rapid.IntRange(1, 5).Draw(w.t, "score")), Language: "vi"}
		say(fact.KindRating, &r)
		w.ballots, w.said = append(w.ballots, hash[:]), append(w.said, sitting{w.servers[0], r})
	}
}

// TestNobodyFollows: blocks are sums of ballots as they are shown, and whoever
// saw all of them at all times can't compute what one person said.
func TestNobodyFollows(t *testing.T) {
	ring := newRing(t)
	moves, held := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "projection")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		ctx, path := context.Background(), filepath.Join(dir, "server.db")
		open := func() *Projection {
			p, err := Open(ctx, path, Options{Server: "s1", Keys: ring, CacheKiB: 2048, Log: quiet})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		p := open()
		defer func() { p.Close() }()
		w := people(t, ring)
		x := &watcher{t: t, p: p, unknowns: map[int64]int{}, seen: map[string]bool{}}
		perDay := rapid.SampledFrom([]int{1, 3, 9}).Draw(t, "a day")
		for i := range rapid.IntRange(5, 80).Draw(t, "people") {
			w.live(int64(i/perDay), func(kind fact.Kind, body any) { w.add(w.servers[0], kind, body) })
			w.send(w.servers[0])
			if rapid.IntRange(0, 3).Draw(t, "more at once") == 0 {
				continue
			}
			if err := p.Apply(ctx, p.Open(w.batches), Position{Stream: 1, Sequence: uint64(i + 1)}, true); err != nil {
				t.Fatal(err)
			}
			w.batches = nil
			x.look()
			if rapid.IntRange(0, 19).Draw(t, "restart") == 0 {
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
				p = open()
				x.p = p
				x.look()
			}
		}
		moves, held = moves+x.moves, max(held, x.waits)
		// An upgrade makes all blocks anew.
		if _, err := p.db.Conn().ExecContext(ctx, `DELETE FROM meta WHERE key = 'rollups'`); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		p = open()
		(&watcher{t: t, p: p, unknowns: map[int64]int{}, seen: map[string]bool{}}).look()
	})
	if moves < 100 || held < 5 {
		t.Errorf("%d blocks were seen, and at most %d ballots held back: this tests little", moves, held)
	}
}
