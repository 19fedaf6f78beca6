package projection

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"sync"

	"hailong/internal/fact"
)

// prefetchAtOnce is how many facts ahead receipts are looked up together.
// Sorted, many a lookup finds its page still at hand; one by one they were two
// fifths of the time that a backlog took.
const prefetchAtOnce = 8192

// prefetch routes the receipts of the ratings that an origin's next facts hold:
// as they were looked up when the messages were opened, where nothing changed
// since, else together here.
func (w *run) prefetch(o *origin, from uint64) error {
	to := min(from+prefetchAtOnce, o.freshFrom+uint64(len(o.fresh)))
	if w.prefetched[o] >= to || from < o.freshFrom {
		return nil
	}
	w.prefetched[o] = to
	var wanted [][32]byte
	for n := max(from, o.freshFrom); n < to; n++ {
		hash, ok := receiptOf(&o.fresh[n-o.freshFrom])
		if !ok || w.routes[hash] != nil || len(w.boundHere[hash]) > 0 {
			continue
		}
		// What this run itself changed and wrote already is not what was looked up.
		if b := w.p.ahead.get(w.ahead, hash); b != nil && !w.moved.ballots[b.id] && !w.moved.hashes[hash] {
			w.routes[hash] = w.keep(b)
			continue
		}
		wanted = append(wanted, hash)
	}
	if len(wanted) < w.p.ahead.worthwhile {
		return nil
	}
	routes, err := lookup(w.session, wanted)
	for hash, b := range routes {
		w.routes[hash] = w.keep(b)
	}
	return err
}

// receiptOf gives the receipt hash of a rating that is bound to one.
func receiptOf(r *fact.Record) (hash [32]byte, ok bool) {
	rating, ok := r.Decoded.(*fact.Rating)
	if !ok || len(rating.Receipt) != 32 {
		return hash, false
	}
	return [32]byte(rating.Receipt), true
}

// lookup finds the ballots of receipts and slips as the database has them; what
// it does not know is left out.
func lookup(s *session, wanted [][32]byte) (map[[32]byte]*ballot, error) {
	routes := make(map[[32]byte]*ballot, len(wanted))
	slices.SortFunc(wanted, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	bound := make(map[int64][][32]byte, len(wanted))
	ids := make([]any, 0, len(wanted))
	err := s.among(`SELECT hash, ballot FROM receipt WHERE hash IN `, blobs(wanted), func(r cells) error {
		var hash []byte
		var at int64
		err := r.Scan(&hash, &at)
		ids = append(ids, at)
		bound[at] = append(bound[at], [32]byte(hash))
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ids, func(a, b any) int { return int(a.(int64) - b.(int64)) })
	err = s.among(`SELECT `+loadColumns+` FROM ballot WHERE id IN `, ids, func(r cells) error {
		b, err := scanBallot(r)
		if err != nil {
			return err
		}
		for _, hash := range bound[b.id] {
			if was := routes[hash]; was == nil || bytes.Compare(b.key[:], was.key[:]) < 0 {
				routes[hash] = b
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// The rest are slips, or not known.
	rest := slices.DeleteFunc(slices.Clone(wanted), func(hash [32]byte) bool { return routes[hash] != nil })
	err = s.among(`SELECT `+loadColumns+` FROM ballot WHERE key IN `, blobs(rest), func(r cells) error {
		b, err := scanBallot(r)
		if err == nil {
			routes[b.key] = b
		}
		return err
	})
	return routes, err
}

func blobs(hashes [][32]byte) []any {
	out := make([]any, len(hashes))
	for i := range hashes {
		out[i] = hashes[i][:]
	}
	return out
}

// ahead looks receipts up while another transaction is still being written, on
// a connection of its own, and knows what has changed since it looked.
type ahead struct {
	worthwhile int // least number of receipts to look up together

	reading sync.Mutex
	reader  *session

	mu      sync.Mutex
	commits uint64    // since the start
	touched []touched // by the last commits, the newest last
}

// touched is what a commit changed: ballots, and receipts' bindings.
type touched struct {
	ballots map[int64]bool
	hashes  map[[32]byte]bool
}

// touchedKept is how many commits are remembered: messages are opened one group
// ahead, and what was looked up longer ago is looked up again.
const touchedKept = 4

// found is what was looked up, and after how many commits at least.
type found struct {
	routes  map[[32]byte]*ballot
	commits uint64
}

// look finds the ballots of the ratings in some batches. Nothing found is no
// fault: it is then looked up when it is needed.
func (a *ahead) look(db *sql.DB, batches []*fact.Batch) (f found, err error) {
	var wanted [][32]byte
	for _, b := range batches {
		for i := range b.Records {
			if hash, ok := receiptOf(&b.Records[i]); ok {
				wanted = append(wanted, hash)
			}
		}
	}
	if len(wanted) < a.worthwhile {
		return f, nil
	}
	a.reading.Lock()
	defer a.reading.Unlock()
	if a.reader == nil {
		conn, err := db.Conn(context.Background())
		if err != nil {
			return f, err
		}
		a.reader = newSession(conn)
		// Each commit of the writer empties this connection's page cache; mapped
		// pages of the file are read without a system call each.
		if _, err := conn.ExecContext(context.Background(), `PRAGMA mmap_size = 1073741824`); err != nil {
			return f, err
		}
	}
	a.mu.Lock()
	f.commits = a.commits
	a.mu.Unlock()
	if err := a.reader.exec(`BEGIN`); err != nil {
		return f, err
	}
	f.routes, err = lookup(a.reader, wanted)
	if end := a.reader.exec(`COMMIT`); err == nil {
		err = end
	}
	return f, err
}

// get gives a ballot that was looked up, unless a commit since then may have
// changed it or its receipt's binding.
func (a *ahead) get(f found, hash [32]byte) *ballot {
	b := f.routes[hash]
	if b == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	since := int(a.commits - f.commits)
	if since > len(a.touched) {
		return nil
	}
	for _, t := range a.touched[len(a.touched)-since:] {
		if t.ballots[b.id] || t.hashes[hash] {
			return nil
		}
	}
	fresh := *b // the transaction may be repeated
	return &fresh
}

// committed notes what a commit changed.
func (a *ahead) committed(t touched) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.commits++
	a.touched = append(a.touched, t)
	if len(a.touched) > touchedKept {
		a.touched = slices.Delete(a.touched, 0, len(a.touched)-touchedKept)
	}
}

func (a *ahead) close() error {
	a.reading.Lock()
	defer a.reading.Unlock()
	if a.reader == nil {
		return nil
	}
	err := a.reader.close()
	if end := a.reader.conn.Close(); err == nil {
		err = end
	}
	a.reader = nil
	return err
}
