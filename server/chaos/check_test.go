package chaos

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// verdict is what the end of a test found.
type verdict struct {
	ballots, attempts    int // thanked
	lost, twice, wrong   int
	misdated             int
	sheets, back         int // answers and ticks, and withdrawals, that were thanked for
	words, wordsLost     int // comments that were thanked for
	facts, aside, unsure int
	problems             []string
}

func (v *verdict) problem(format string, args ...any) {
	if len(v.problems) < 20 {
		v.problems = append(v.problems, fmt.Sprintf(format, args...))
	}
}

// finish brings everything up, waits until all servers hold all, stops all in
// order and judges.
func (w *world) finish() *verdict {
	w.t.Helper()
	w.halt(w.servers[0], syscall.SIGTERM)
	w.registerLate(w.servers[0], len(w.late))
	w.whole()
	w.settled(true, w.devices()...)
	for _, d := range w.devices() {
		w.halt(d, syscall.SIGTERM)
	}
	v := &verdict{}
	var digests []string
	for _, s := range w.servers {
		digests = append(digests, run(w.t, "hailong-server", "digest", "--data="+s.data))
		w.judge(s, v)
		w.judgeWords(s, v)
	}
	if len(slices.Compact(digests)) != 1 {
		v.problem("the servers' digests differ: %v", digests)
	}
	return v
}

// report prints the verdict, and fails the test where there is anything to
// look into.
func (w *world) report(v *verdict, rounds int, seed uint64) {
	w.t.Helper()
	// A ballot is judged at each server; a fault is one, however many saw it.
	n := len(w.servers)
	for _, x := range []*int{&v.ballots, &v.attempts, &v.lost, &v.twice, &v.wrong, &v.misdated, &v.facts, &v.aside, &v.unsure, &v.words, &v.wordsLost, &v.sheets, &v.back} {
		*x = (*x + n - 1) / n
	}
	w.t.Logf("%d answers thanked for, %d that may have been recorded; %d facts, %d set aside at forks", v.attempts, v.unsure, v.facts, v.aside)
	fmt.Printf("acknowledged %d, lost %d, counted twice %d, wrong answer %d, with more than a score %d, taken back %d, words %d, lost %d, rounds %d, seed %d\n",
		v.ballots, v.lost, v.twice, v.wrong, v.sheets, v.back, v.words, v.wordsLost, rounds, seed)
	if v.ballots == 0 {
		w.t.Error("nobody was thanked")
	}
	if v.lost+v.twice+v.wrong+v.misdated+v.wordsLost+len(v.problems) > 0 {
		w.t.Errorf("seed %d: lost %d, counted twice %d, wrong answer %d, wrong time %d\n%s", seed, v.lost, v.twice, v.wrong, v.misdated, strings.Join(v.problems, "\n"))
	}
}

// row is what a server's table of ballots says.
type row struct {
	kind, score, binding uint8
	at, first, day       int64
	estimated, changed   bool
	said                 bool
	origin               string
	number               uint64
}

// judge compares a server's results with the truth of its facts, and both with
// what people were told.
func (w *world) judge(s *device, v *verdict) {
	w.t.Helper()
	tr, err := w.walk(s)
	if err != nil {
		v.problem("server %s: %v", s.name, err)
		return
	}
	v.facts += tr.facts
	v.aside += len(tr.aside)
	for _, fork := range tr.aside {
		w.t.Logf("server %s: a number was used twice, and what was given up is kept: %s", s.name, fork)
	}
	var rows map[[32]byte]row
	cells, expected := map[string]int{}, map[string]int{}
	err = reading(filepath.Join(s.data, "server.db"), func(tx *sql.Tx) (err error) {
		if rows, err = ballotRows(tx); err == nil {
			err = rollups(tx, cells)
		}
		return err
	})
	if err != nil {
		v.problem("server %s: %v", s.name, err)
		return
	}
	for _, b := range w.pool.all() {
		w.judgeBallot(s, tr, b, rows, v)
	}
	// Every ballot that has an answer, known to the test or not, is as the rule
	// says; and the rollups are the sum of them, to the last one.
	for key := range tr.casts {
		r, ok := tr.count(key)
		got, there := rows[key]
		if there = there && got.score != 0; ok != there {
			v.wrong++
			v.problem("server %s: ballot %x counts: %v, by its facts: %v\n%s", s.name, key, there, ok, w.story(tr, key))
			continue
		}
		if !ok {
			continue
		}
		day := (r.first + 7*3600_000) / 86_400_000
		if got.score != r.score || got.binding != r.binding || got.at != r.at || got.first != r.first || got.day != day ||
			got.estimated != r.estimated || got.changed != r.changed || got.origin != r.origin.String() || got.number != r.number || got.said != r.said {
			v.wrong++
			v.problem("server %s: ballot %x is %+v, by its facts %+v\n%s", s.name, key, got, r, w.story(tr, key))
		}
		if r.binding == 3 {
			expected[fmt.Sprintf("desk %s day %d walk-in %d", r.desk, day, r.score)]++
			continue
		}
		if r.said {
			expected[fmt.Sprintf("said %s/%d day %d", r.origin, r.number, day)]++
		}
		expected[fmt.Sprintf("unit %s service %d desk %s day %d score %d", r.known.unit, r.known.service, r.known.desk, day, r.score)]++
	}
	for cell := range merged(cells, expected) {
		switch got, want := cells[cell], expected[cell]; {
		case got > want:
			v.twice += got - want
			v.problem("server %s: %s holds %d, by the facts %d", s.name, cell, got, want)
		case got < want:
			v.lost += want - got
			v.problem("server %s: %s holds %d, by the facts %d", s.name, cell, got, want)
		}
	}
}

func merged(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// slack is how far a corrected time may be off: half of the longest round trip
// of which a clock fact is made, and some.
const slack = 2500

// judgeBallot asks whether what a person was thanked for is there, as it was
// said, when it was said; and whether nothing is there that was not said.
func (w *world) judgeBallot(s *device, tr *truth, b *ballot, rows map[[32]byte]row, v *verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// A receipt that was handed out is known, and so is what it is for.
	if known, ok := tr.register[b.key]; b.kind != 3 && (!ok || known.kind != b.kind || b.kind == 1 && tr.receipts[b.id.Hash()] != b.key) {
		v.lost++
		v.problem("server %s: ballot %x was registered and is not known as that\n%s", s.name, b.key, w.story(tr, b.key))
	}
	said := map[int]attempt{}
	acknowledged, stands := false, false
	for _, a := range b.attempts {
		a.state = w.stateOf(a)
		said[a.number] = a
		switch {
		case a.back:
		case a.state == thanked:
			acknowledged = true
			stands = stands || !b.mayBeBack(a)
			v.attempts++
		case a.state == perhaps:
			v.unsure++
		}
	}
	if acknowledged {
		v.ballots++
	}
	w.judgeSittings(s, tr, b, v)
	recorded := map[int]string{} // attempt → nonce
	for _, c := range tr.casts[b.key] {
		a := said[c.attempt]
		nonce, again := recorded[c.attempt]
		switch {
		case a.state == 0 || a.state == refused || a.back:
			v.wrong++
			v.problem("server %s: ballot %x: %v was never taken\n%s", s.name, b.key, c, w.story(tr, b.key))
		case a.score != c.score:
			v.wrong++
			v.problem("server %s: ballot %x: %v, but %d was said\n%s", s.name, b.key, c, a.score, w.story(tr, b.key))
		case again && nonce != c.nonce && !a.again:
			v.twice++
			v.problem("server %s: ballot %x: one answer, two ratings\n%s", s.name, b.key, w.story(tr, b.key))
		case !c.dated, c.at < a.sent.UnixMilli()-slack, !c.estimated && c.at > a.done.UnixMilli()+slack:
			v.misdated++
			v.problem("server %s: ballot %x: %v, but it was between %s and %s\n%s", s.name, b.key, c, clock(a.sent), clock(a.done), w.story(tr, b.key))
		}
		recorded[c.attempt] = c.nonce
	}
	for n, a := range said {
		if _, ok := recorded[n]; a.state == thanked && !a.back && !ok {
			v.lost++
			v.problem("server %s: ballot %x: attempt %d at %s was thanked for and is not there\n%s", s.name, b.key, n, a.device, w.story(tr, b.key))
		}
	}
	if stands && rows[b.key].score == 0 {
		v.lost++
		v.problem("server %s: ballot %x does not count\n%s", s.name, b.key, w.story(tr, b.key))
	}
}

func clock(t time.Time) string { return t.Format("15:04:05.000") }

// story tells all that is known of a ballot, for whoever looks into a fault.
func (w *world) story(tr *truth, key [32]byte) string {
	var s strings.Builder
	for _, c := range tr.casts[key] {
		fmt.Fprintf(&s, "    fact %v\n", c)
	}
	if b := w.pool.byKey[key]; b != nil {
		for _, a := range b.attempts {
			fmt.Fprintf(&s, "    told attempt %d at %s, code %v, score %d, back %v, sheet %q, sitting %s %s–%s state %d, then %d %s\n",
				a.number, a.device, a.byCode, a.score, a.back, a.sheet, a.session, clock(a.sent), clock(a.done), a.state, a.wrote, a.said)
		}
	}
	return s.String()
}

func ballotRows(tx *sql.Tx) (map[[32]byte]row, error) {
	rows := map[[32]byte]row{}
	err := each(tx, func(r *sql.Rows) error {
		var key, origin []byte
		var x row
		err := r.Scan(&key, &x.kind, &x.score, &x.binding, &x.at, &x.first, &x.day, &x.estimated, &x.changed, &x.said, &origin, &x.number)
		x.origin = hex.EncodeToString(origin)
		rows[[32]byte(key)] = x
		return err
	}, `SELECT b.key, b.kind, b.score, b.binding, b.at, b.first, b.day, b.estimated, b.changed, b.said, o.id, b.fact & 1099511627775
		FROM ballot b LEFT JOIN origin o ON o.oid = b.fact >> 40`)
	return rows, err
}

// rollups reads the cells that are not 0.
func rollups(tx *sql.Tx, cells map[string]int) error {
	note := func(n [5]int, format string, args ...any) {
		for i, n := range n {
			if n != 0 {
				cells[fmt.Sprintf(format, append(args, i+1)...)] = n
			}
		}
	}
	err := each(tx, func(r *sql.Rows) error {
		var unit, desk string
		var service, day int
		var n [5]int
		err := r.Scan(&unit, &service, &desk, &day, &n[0], &n[1], &n[2], &n[3], &n[4])
		note(n, "unit %s service %d desk %s day %d score %d", unit, service, desk, day)
		return err
	}, `SELECT u.code, c.service, coalesce(d.code, ''), r.day, s1, s2, s3, s4, s5
		FROM cell_day r JOIN cell c ON c.id = r.cell JOIN place u ON u.id = c.unit LEFT JOIN place d ON d.id = c.desk`)
	if err != nil {
		return err
	}
	err = each(tx, func(r *sql.Rows) error {
		var origin []byte
		var number, day int
		err := r.Scan(&origin, &number, &day)
		cells[fmt.Sprintf("said %x/%d day %d", origin, number, day)]++
		return err
	}, `SELECT o.id, s.fact & 1099511627775, s.day FROM said s JOIN origin o ON o.oid = s.fact >> 40`)
	if err != nil {
		return err
	}
	return each(tx, func(r *sql.Rows) error {
		var desk string
		var day int
		var n [5]int
		err := r.Scan(&desk, &day, &n[0], &n[1], &n[2], &n[3], &n[4])
		note(n, "desk %s day %d walk-in %d", desk, day)
		return err
	}, `SELECT p.code, day, s1, s2, s3, s4, s5 FROM walkin_day JOIN place p ON p.id = desk`)
}
