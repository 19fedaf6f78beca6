package closing

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/rowspace"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/api"
	record "hailong/server/audit"
	"hailong/server/export"
	"hailong/server/index"
	"hailong/server/projection"
	"hailong/web"
)

// An attacker has every role, asks all that can be asked, at any time, and knows
// everything of each ballot but its score: when it came, where, about what, and
// of which ballots each figure is. Each figure by score is then an equation for
// the ratings in it; what follows for a single one is what the attacker learns.
type attacker struct {
	t    *testing.T
	p    *opened
	app  *fiber.App
	x    *index.Index
	now  time.Time
	seen map[string]bool

	unknowns  map[[2]int64]int // ratings, by ballot and fact id: at a fork another fact may get the id
	truth     []uint8          // their scores, to see that an equation is right
	space     rowspace.Space
	figures   int
	unanimous int // figures of which all ballots say the same: the attacker knows all of them, by no fault of the figures
	months    []attackedMonth
}

// shownBallot is a ballot in a block, as it is shown.
type shownBallot struct {
	cell       cellKey
	last       survey.Day // of the block
	day        survey.Day
	unknown    int
	ballot, id int64 // and of its cell
}

// attackedMonth is what was in a month when it was closed.
type attackedMonth struct {
	period  survey.Period
	ballots []*ballot
	unknown map[*ballot]int
	left    map[group][]string
}

// newAttacker asks a server's programs' interface, and the index from which its
// pages are made.
func newAttacker(t *testing.T, p *opened, store *Store, ballots *export.Store) *attacker {
	a := &attacker{t: t, p: p, seen: map[string]bool{}, unknowns: map[[2]int64]int{}}
	a.x = index.Open(p.Reader(), func() time.Time { return a.now })
	a.x.UseClosed(store.Reader())
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	a.app = httpx.New(httpx.Options{Log: slog.New(slog.DiscardHandler), Catalogue: catalogue})
	a.app.Use(access.As(access.Person{Role: access.Province}, access.Places{}))
	api.RegisterIndex(a.app, a.x)
	api.RegisterClosed(a.app, a.x)
	api.RegisterExport(a.app, ballots, func(context.Context, string, string, record.Detail) error { return nil })
	return a
}

func (a *attacker) get(path string) []byte {
	a.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	res, err := a.app.Test(r, -1)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		a.t.Fatalf("%s: %d %s %v", path, res.StatusCode, body, err)
	}
	return body
}

// learn takes a figure by score of a set of ratings.
func (a *attacker) learn(what string, of []int, n survey.Counts) {
	a.t.Helper()
	var want survey.Counts
	for _, u := range of {
		want[a.truth[u]-1]++
	}
	if want != n { // or else the attacker's equation would be wrong
		a.t.Fatalf("%s is %v; of the ballots that should be in it, %v", what, n, want)
	}
	if len(of) == 0 {
		return
	}
	a.figures++
	slices.Sort(of)
	if name := fmt.Sprint(of); !a.seen[name] {
		a.seen[name] = true
		if slices.Max(n[:]) == int64(len(of)) {
			a.unanimous++
		}
		a.space.Add(rowspace.Set(of))
	}
}

func (a *attacker) each(query string, fn func(scan func(...any) error) error, args ...any) {
	a.t.Helper()
	tx, err := a.p.Reader().BeginTx(context.Background(), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	defer tx.Rollback()
	if err := each(context.Background(), tx, fn, query, args...); err != nil {
		a.t.Fatal(err)
	}
}

// shown finds the ballots in the blocks of now.
func (a *attacker) shown() (all []shownBallot) {
	a.t.Helper()
	type place struct {
		ballot, cell int64
	}
	rating := map[place]int64{}
	day := map[place]survey.Day{}
	score := map[place]uint8{}
	a.each(`SELECT c.id, b.id, b.fact, b.score, b.day FROM ballot b JOIN cell c ON c.unit = b.unit AND c.service = b.service AND c.desk = b.desk WHERE b.score > 0 AND b.kind IN (1, 2)`,
		func(scan func(...any) error) error {
			var p place
			var at int64
			var s uint8
			var d survey.Day
			err := scan(&p.cell, &p.ballot, &at, &s, &d)
			rating[p], score[p], day[p] = at, s, d
			return err
		})
	a.each(`SELECT cell, ballot, was_rating, was_score, was_day FROM held`, func(scan func(...any) error) error {
		var p place
		var at int64
		var s uint8
		var d survey.Day
		err := scan(&p.cell, &p.ballot, &at, &s, &d)
		rating[p], score[p], day[p] = at, s, d
		return err
	})
	a.each(`SELECT c.id, u.code, c.service, d.code, b.last, b.ballots FROM batch b JOIN cell c ON c.id = b.cell JOIN place u ON u.id = c.unit JOIN place d ON d.id = c.desk`,
		func(scan func(...any) error) error {
			var b shownBallot
			var raw []byte
			if err := scan(&b.id, &b.cell.unit, &b.cell.service, &b.cell.desk, &b.last, &raw); err != nil {
				return err
			}
			ids, err := projection.UnpackBallots(raw)
			for _, b.ballot = range ids {
				p := place{b.ballot, b.id}
				b.unknown, b.day = a.unknown(b.ballot, rating[p], score[p]), day[p]
				all = append(all, b)
			}
			return err
		})
	return all
}

// unknown gives the number of a rating.
func (a *attacker) unknown(ballot, fact int64, score uint8) int {
	u, ok := a.unknowns[[2]int64{ballot, fact}]
	if !ok {
		u = len(a.truth)
		a.unknowns[[2]int64{ballot, fact}], a.truth = u, append(a.truth, score)
	}
	return u
}

func sets(all []shownBallot, in func(*shownBallot) bool) (of []int) {
	for i := range all {
		if in(&all[i]) {
			of = append(of, all[i].unknown)
		}
	}
	return of
}

// verdict fails where somebody's score follows.
func (a *attacker) verdict() {
	a.t.Helper()
	for _, u := range a.space.Single() {
		a.t.Errorf("rating %d of %d follows from what was shown: %d", u, len(a.truth), a.truth[u])
	}
}
