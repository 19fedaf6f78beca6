package projection

import (
	"bytes"
	"slices"
	"strings"

	"hailong/internal/fact"
)

// prefetchAtOnce is how many facts ahead receipts are looked up together.
// Sorted, many a lookup finds its page still at hand; one by one they were two
// fifths of the time that a backlog took.
const prefetchAtOnce = 8192

// prefetch routes the receipts of the ratings that an origin's next facts hold.
func (w *run) prefetch(o *origin, from uint64) error {
	to := min(from+prefetchAtOnce, o.freshFrom+uint64(len(o.fresh)))
	if w.prefetched[o] >= to || from < o.freshFrom {
		return nil
	}
	w.prefetched[o] = to
	var wanted [][32]byte
	for n := max(from, o.freshFrom); n < to; n++ {
		r, ok := o.fresh[n-o.freshFrom].Decoded.(*fact.Rating)
		if !ok || len(r.Receipt) != 32 {
			continue
		}
		if hash := [32]byte(r.Receipt); w.routes[hash] == nil && len(w.boundHere[hash]) == 0 {
			wanted = append(wanted, hash)
		}
	}
	if len(wanted) < 8 {
		return nil
	}
	slices.SortFunc(wanted, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	bound := map[int64][][32]byte{}
	var ids []any
	err := w.among(`SELECT hash, ballot FROM receipt WHERE hash IN `, blobs(wanted), func(r cells) error {
		var hash []byte
		var at int64
		err := r.Scan(&hash, &at)
		ids = append(ids, at)
		bound[at] = append(bound[at], [32]byte(hash))
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(ids, func(a, b any) int { return int(a.(int64) - b.(int64)) })
	err = w.among(`SELECT `+loadColumns+` FROM ballot WHERE id IN `, ids, func(r cells) error {
		b, err := scanBallot(r)
		if err != nil {
			return err
		}
		b = w.keep(b)
		for _, hash := range bound[b.id] {
			if was := w.routes[hash]; was == nil || bytes.Compare(b.key[:], was.key[:]) < 0 {
				w.routes[hash] = b
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// The rest are slips, or not known.
	wanted = slices.DeleteFunc(wanted, func(hash [32]byte) bool { return w.routes[hash] != nil || w.keys[hash] != nil })
	return w.among(`SELECT `+loadColumns+` FROM ballot WHERE key IN `, blobs(wanted), func(r cells) error {
		b, err := scanBallot(r)
		if err == nil {
			b = w.keep(b)
			w.keys[b.key], w.routes[b.key] = b, b
		}
		return err
	})
}

func blobs(hashes [][32]byte) []any {
	out := make([]any, len(hashes))
	for i := range hashes {
		out[i] = hashes[i][:]
	}
	return out
}

// among runs a query that ends in IN for many values, some at a time.
func (w *run) among(query string, values []any, scan func(r cells) error) error {
	const atOnce = 128
	for len(values) > 0 {
		n := atOnce
		if len(values) < atOnce {
			n = 1
		}
		err := w.each(scan, query+"("+strings.TrimSuffix(strings.Repeat("?,", n), ",")+")", values[:n]...)
		if err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}
