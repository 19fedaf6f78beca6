package outbox

import (
	"cmp"
	"context"
	"database/sql/driver"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
)

// markPause is the least time between two writes of marks: they come often, and
// losing the last is harmless, since servers tell them again.
const markPause = time.Second

type markKey struct {
	server string
	origin fact.OriginID
}

type heldMark struct {
	mark  fact.Mark
	dirty bool
	heard bool // since Open: Prune believes no other
}

// marks are the servers' watermarks in memory; Outbox.mu guards them.
type marks struct {
	all      map[markKey]heldMark
	picked   []fact.Mark // being written
	at       time.Time   // of the last write
	timer    *time.Timer // runs while not nil
	flushing bool
}

// Marked keeps what a server says that it holds of an origin of this outbox,
// instead of what it said before, be it more or less. It does not wait for the
// disk: marks are written about once a second, together with facts where there
// are any, and by Close. Marks of other origins are ignored.
func (o *Outbox) Marked(ctx context.Context, m fact.Mark) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if _, ours := o.find(m.Origin); !ours {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return ErrClosed
	}
	k := markKey{m.Server, m.Origin}
	old, ok := o.marks.all[k]
	o.marks.all[k] = heldMark{mark: m, heard: true, dirty: !ok || old.dirty || old.mark != m}
	if o.marks.all[k].dirty && o.marks.timer == nil {
		o.marks.timer = time.AfterFunc(markPause-min(markPause, time.Since(o.marks.at)), o.flushLater)
	}
	return nil
}

// Marks gives the last mark of each server for each origin, by origin and server.
func (o *Outbox) Marks(ctx context.Context) ([]fact.Mark, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	ms := make([]fact.Mark, 0, len(o.marks.all))
	for _, h := range o.marks.all {
		ms = append(ms, h.mark)
	}
	slices.SortFunc(ms, func(a, b fact.Mark) int {
		return cmp.Or(slices.Compare(a.Origin[:], b.Origin[:]), strings.Compare(a.Server, b.Server))
	})
	return ms, nil
}

// flushLater runs on the timer.
func (o *Outbox) flushLater() {
	o.mu.Lock()
	o.marks.timer = nil
	if o.closed {
		o.mu.Unlock()
		return
	}
	o.marks.flushing = true
	o.mu.Unlock()
	// Where it fails, the marks stay dirty, and go with a later write.
	_ = o.flush(context.Background())
	o.mu.Lock()
	o.marks.flushing = false
	o.idle.Broadcast()
	o.mu.Unlock()
}

// flush writes the marks that are not on the disk yet.
func (o *Outbox) flush(ctx context.Context) error {
	return o.db.Raw(ctx, func(*sqlite3.SQLiteConn) error {
		ms := o.marks.pick(o, true)
		if len(ms) == 0 {
			return nil
		}
		if err := o.w.put(nil, nil, ms); err != nil {
			return err
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.marks.written(time.Now())
		return nil
	})
}

// due says whether marks should go with the facts about to be committed.
func (m *marks) due(now time.Time) bool {
	return m.timer != nil && now.Sub(m.at) >= markPause
}

// pick chooses the marks to write. The caller has the writer's turn.
func (m *marks) pick(o *Outbox, any bool) []fact.Mark {
	if !any {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	m.picked = m.picked[:0]
	for _, h := range m.all {
		if h.dirty {
			m.picked = append(m.picked, h.mark)
		}
	}
	return m.picked
}

// written notes that the picked marks are on the disk.
func (m *marks) written(now time.Time) {
	m.at = now
	for _, p := range m.picked {
		k := markKey{p.Server, p.Origin}
		if h := m.all[k]; h.mark == p {
			h.dirty = false
			m.all[k] = h
		}
	}
}

func (m *marks) load(w *writer) error {
	m.all = map[markKey]heldMark{}
	return w.each("SELECT bytes FROM mark", nil, func(v []driver.Value) error {
		var mark fact.Mark
		if err := fact.Unmarshal(v[0].([]byte), &mark); err != nil {
			return nil // of another version of this program; servers tell it again
		}
		m.all[markKey{mark.Server, mark.Origin}] = heldMark{mark: mark}
		return nil
	})
}

func (w *writer) putMarks(ms []fact.Mark) error {
	for _, m := range ms {
		bytes, err := fact.Marshal(m)
		if err != nil {
			return err
		}
		err = w.exec("INSERT OR REPLACE INTO mark(server, origin, bytes) VALUES (?, ?, ?)", m.Server, m.Origin[:], bytes)
		if err != nil {
			return err
		}
	}
	return nil
}
