package outbox

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/fact"
)

// model is what an outbox should be: for each origin, the facts in order by what
// they say (0: opened), what was pruned, and what may leave.
type model struct {
	says   [][]uint64
	base   []int
	limit  []int // of given-up origins; -1: current
	marks  map[string]fact.Mark
	fresh  map[string]bool // heard since the last Open
	values map[string]string
}

func (m *model) now() int { return len(m.says) - 1 }

func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		path := filepath.Join(dir, "outbox.db")
		now := fact.Stamp{Wall: 20_000 * day}
		opt := Options{Role: fact.RoleServer, Stamp: func() fact.Stamp { return now }}
		o := mustOpen(t, path, opt)
		defer func() { mustClose(t, o) }()
		m := &model{says: [][]uint64{{0}}, base: []int{0}, limit: []int{-1}, marks: map[string]fact.Mark{}, fresh: map[string]bool{}, values: map[string]string{}}
		origins := []fact.OriginID{o.Head().Origin}
		next := uint64(1)
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				var entries []fact.Entry
				for range rapid.IntRange(1, 20).Draw(rt, "entries") {
					entries = append(entries, numbered(next))
					m.says[m.now()] = append(m.says[m.now()], next)
					next++
				}
				refs := mustAppend(t, o, entries...)
				if refs[0].Origin != origins[m.now()] || refs[len(refs)-1].Number != uint64(len(m.says[m.now()])) {
					rt.Fatal(refs)
				}
			},
			"batch": func(rt *rapid.T) {
				i := rapid.IntRange(0, m.now()).Draw(rt, "origin")
				last := m.limit[i]
				if last < 0 {
					last = len(m.says[i])
				}
				after := rapid.IntRange(0, len(m.says[i])+1).Draw(rt, "after")
				most := rapid.IntRange(1, 30).Draw(rt, "most")
				data, to, err := o.Batch(t.Context(), origins[i], uint64(after), most, 1<<20)
				if err != nil {
					rt.Fatal(err)
				}
				from := max(after, m.base[i])
				if (data == nil) != (from >= last) {
					rt.Fatalf("data %v above %d of %d", data != nil, from, last)
				}
				if data == nil {
					return
				}
				b, err := fact.Open(data)
				if err != nil || to != uint64(min(last, from+most)) || b.Records[0].Number != uint64(from+1) || b.Last().Number != to {
					rt.Fatal(to, err)
				}
				for j, r := range b.Records {
					if want := m.says[i][from+j]; want != 0 && numberOf(t, r.Fact) != want {
						rt.Fatalf("fact %d says other than %d", r.Number, want)
					}
				}
			},
			"marked": func(rt *rapid.T) {
				i := rapid.IntRange(0, m.now()).Draw(rt, "origin")
				number := uint64(rapid.IntRange(0, len(m.says[i])).Draw(rt, "number"))
				h, ok, err := o.HashAt(t.Context(), origins[i], number)
				if err != nil || ok != (number == 0 || int(number) >= m.base[i]) {
					rt.Fatal(ok, err)
				}
				mark := fact.Mark{Server: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "server"), Origin: origins[i], Number: number, Hash: h}
				if err := o.Marked(t.Context(), mark); err != nil {
					rt.Fatal(err)
				}
				k := mark.Server + mark.Origin.String()
				m.marks[k], m.fresh[k] = mark, ok
			},
			"reopen": func(rt *rapid.T) {
				i := m.now()
				agreed := rapid.IntRange(m.base[i], len(m.says[i])).Draw(rt, "agreed")
				if err := o.Reopen(t.Context(), "copied", uint64(agreed)); err != nil {
					rt.Fatal(err)
				}
				says := append([]uint64{0}, m.says[i][max(agreed, 1):]...)
				m.limit[i] = agreed
				m.says, m.base, m.limit = append(m.says, says), append(m.base, 0), append(m.limit, -1)
				origins = append(origins, o.Head().Origin)
			},
			"value": func(rt *rapid.T) {
				k, v := rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "key"), rapid.String().Draw(rt, "value")
				if err := o.SetValue(t.Context(), k, []byte(v)); err != nil {
					rt.Fatal(err)
				}
				m.values[k] = v
			},
			"prune": func(rt *rapid.T) {
				now.Wall += 91 * day // all that was recorded so far is old
				if _, err := o.Prune(t.Context(), []string{"a", "b"}); err != nil {
					rt.Fatal(err)
				}
				for i := range m.says {
					held := m.limit[i]
					if held < 0 {
						held = len(m.says[i])
					}
					for _, s := range []string{"a", "b"} {
						k := s + origins[i].String()
						if !m.fresh[k] {
							held = 0
						}
						held = min(held, int(m.marks[k].Number))
					}
					if m.limit[i] >= 0 && held == m.limit[i] && m.base[i+1] > 0 {
						held = len(m.says[i])
					}
					m.base[i] = max(m.base[i], held)
				}
			},
			"close and open": func(rt *rapid.T) {
				mustClose(t, o)
				o = mustOpen(t, path, opt)
				clear(m.fresh)
			},
			"": func(rt *rapid.T) {
				cs := chainsOf(t, o)
				if len(cs) != len(m.says) {
					rt.Fatalf("%d chains, want %d", len(cs), len(m.says))
				}
				for i, c := range cs {
					last := m.limit[i]
					if last < 0 {
						last = len(m.says[i])
					}
					if c.Origin != origins[i] || c.First != uint64(m.base[i]+1) || c.Last != uint64(last) || c.Current != (m.limit[i] < 0) {
						rt.Fatalf("chain %d is %+v, want %d to %d", i, c, m.base[i]+1, last)
					}
				}
				ms, err := o.Marks(t.Context())
				want := slices.Collect(maps.Values(m.marks))
				if err != nil || len(ms) != len(want) || slices.ContainsFunc(ms, func(x fact.Mark) bool { return !slices.Contains(want, x) }) {
					rt.Fatal("marks", ms, want, err)
				}
				for k, v := range m.values {
					if got, err := o.Value(t.Context(), k); err != nil || string(got) != v {
						rt.Fatal("value", err)
					}
				}
			},
		})
		for _, c := range chainsOf(t, o) {
			drain(t, o, c)
		}
	})
}
