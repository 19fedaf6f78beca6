package projection

import (
	"bytes"
	"context"
	"database/sql"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hailong/internal/fact"
)

// earlier are programs of which files are still there: what takes a file back
// to their schema and to what they had judged, and what they did not know.
var earlier = []struct {
	name    string
	back    []string
	unknown []fact.Kind
}{
	{"00001", []string{
		`DROP TABLE cell`, `DROP TABLE cell_day`, `DROP TABLE walkin_day`, `DROP TABLE return_day`, `DROP TABLE said`, `DROP TABLE held`, `DROP TABLE block`, `DROP TABLE block_month`, `DROP TABLE batch`, `DROP TABLE retired`, `DROP TABLE closing`,
		`DROP TABLE cell_month`, `DROP TABLE dossier_month`, `DROP TABLE walkin_month`, `DROP TABLE return_month`,
		`DROP TABLE account`, `DROP TABLE act`, `DROP TABLE erased`, `DROP TABLE checkpoint`, `DROP TABLE void`, `DROP TABLE voided`, `DROP TABLE void_day`, `DROP TABLE arrival`,
		`DROP TABLE text`, `DROP TABLE questionnaire`, `ALTER TABLE ballot DROP COLUMN beside`,
		`ALTER TABLE ballot DROP COLUMN said`, `DELETE FROM meta WHERE key = 'rollups'`,
		`CREATE TABLE unit_day (unit)`, `CREATE TABLE desk_day (desk)`, `CREATE TABLE held (scope)`, // made anew whatever they hold
		`DELETE FROM schema_version WHERE version_id > 1`, `UPDATE meta SET value = 1 WHERE key = 'judge'`,
	}, append([]fact.Kind{fact.KindQuestionnaire, fact.KindText, fact.KindWithdrawal, fact.KindClosing}, trust...)},
	{"00008", []string{
		`DROP TABLE account`, `DROP TABLE act`, `DROP TABLE erased`, `DROP TABLE checkpoint`, `DROP TABLE void`, `DROP TABLE voided`, `DROP TABLE void_day`, `DROP TABLE arrival`,
		`DROP INDEX text_undated`, `ALTER TABLE text DROP COLUMN at`, `DROP INDEX text_digest`,
		`DELETE FROM schema_version WHERE version_id > 8`, `UPDATE meta SET value = 3 WHERE key = 'judge'`,
	}, trust},
}

var trust = []fact.Kind{fact.KindAct, fact.KindAccount, fact.KindCheckpoint, fact.KindVoid, fact.KindErasure}

// A file of an earlier program opens, and gives what a server gives that had this
// program from the start: what the earlier one put into quarantine is judged
// again.
func TestYesterdaysFile(t *testing.T) {
	for _, e := range earlier {
		t.Run(e.name, func(t *testing.T) { yesterday(t, e.back, e.unknown) })
	}
}

func yesterday(t *testing.T, back []string, unknown []fact.Kind) {
	ring := newRing(t)
	known := maps.Clone(bodies)
	defer func() { bodies = known }()
	judged := 0
	rapid.Check(t, func(t *rapid.T) {
		bodies = known
		w := generate(t, ring)
		want := deliver(t, ring, w.batches)
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
		dump := func(p *Projection) string {
			var out bytes.Buffer
			if err := Dump(ctx, p.Reader(), &out); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}

		bodies = maps.Clone(known)
		for _, kind := range unknown {
			delete(bodies, kind)
		}
		p := open()
		split := rapid.IntRange(0, len(w.batches)).Draw(t, "before the upgrade")
		if err := p.Apply(ctx, p.Open(w.batches[:split]), Position{Stream: 1, Sequence: 1}, true); err != nil {
			t.Fatal(err)
		}
		judged += strings.Count(dump(p), "is not known here")
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		file, err := sql.Open("sqlite3", path)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range back {
			if _, err := file.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}

		bodies = known
		p = open()
		defer p.Close()
		if err := p.Apply(ctx, p.Open(w.batches[split:]), Position{Stream: 1, Sequence: 2}, true); err != nil {
			t.Fatal(err)
		}
		heads := map[fact.OriginID]uint64{}
		for _, a := range arrivals(t, p, 0) {
			heads[a.Origin] = a.Last
		}
		for _, m := range p.Marks() {
			if heads[m.Origin] != m.Number {
				t.Fatalf("upgraded, arrivals of %s lead to %d, its chain to %d", m.Origin, heads[m.Origin], m.Number)
			}
		}
		if got := dump(p); got != want {
			t.Fatalf("upgraded, it differs from one that had this program from the start (-fresh +upgraded):\n%s", cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
		}
	})
	if judged == 0 {
		t.Error("nothing was in quarantine before the upgrade: this tests nothing")
	}
}
