package page

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hailong/internal/survey"
	"hailong/server/index"
)

const (
	// hubGap is the least time between two rounds of questions to the index, so
	// that a burst of ratings costs one question a desk.
	hubGap = 100 * time.Millisecond
	// heartbeat keeps proxies from closing a quiet stream, and finds out readers
	// that are gone.
	heartbeat = 15 * time.Second
)

// Hub tells open desk pages what moved. It asks the index once a desk, however
// many pages are open.
type Hub struct {
	index Index
	log   *slog.Logger
	wake  chan struct{}

	mu     sync.Mutex
	desks  map[string]*watched
	closed bool
}

// watched is a desk of which a page is open.
type watched struct {
	dirty   bool
	day     survey.Day
	last    []byte // events as sent last; nil: not asked yet
	readers map[*reader]struct{}
}

// reader is one open page. Its channel holds the newest events only, and is
// closed when the hub ends.
type reader struct{ events chan []byte }

// NewHub makes a hub; Run keeps it going.
func NewHub(x Index, log *slog.Logger) *Hub {
	return &Hub{index: x, log: log, wake: make(chan struct{}, 1), desks: map[string]*watched{}}
}

// Changed says that something about these desks was committed; without codes,
// about any. It never waits, and costs nothing for desks that nobody watches.
func (h *Hub) Changed(codes ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	some := false
	if len(codes) == 0 {
		for _, w := range h.desks {
			w.dirty, some = true, true
		}
	}
	for _, code := range codes {
		if w := h.desks[code]; w != nil {
			w.dirty, some = true, true
		}
	}
	if some {
		h.rouse()
	}
}

func (h *Hub) rouse() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Open is the number of pages that are open.
func (h *Hub) Open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, w := range h.desks {
		n += len(w.readers)
	}
	return n
}

// Run answers until the context ends; then all streams end, and browsers try
// again by themselves.
func (h *Hub) Run(ctx context.Context) {
	defer h.end()
	midnight := time.NewTicker(5 * time.Second)
	defer midnight.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		case <-midnight.C:
			h.newDay()
		}
		h.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(hubGap):
		}
	}
}

// newDay marks the desks whose day is over.
func (h *Hub) newDay() {
	today := h.index.Today()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.desks {
		w.dirty = w.dirty || w.last != nil && w.day != today
	}
}

func (h *Hub) round(ctx context.Context) {
	h.mu.Lock()
	var codes []string
	for code, w := range h.desks {
		if w.dirty {
			w.dirty = false
			codes = append(codes, code)
		}
	}
	h.mu.Unlock()
	today := h.index.Today()
	for _, code := range codes {
		d, err := h.index.Desk(ctx, code, today)
		if err != nil {
			if ctx.Err() == nil {
				h.log.Warn("live desk page", "desk", code, "error", err)
				h.again(code)
			}
			continue
		}
		h.tell(code, today, events(&d))
	}
}

// again leaves a desk for the next round.
func (h *Hub) again(code string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.desks[code]; w != nil {
		w.dirty = true
	}
}

func (h *Hub) tell(code string, day survey.Day, e []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.desks[code]
	if w == nil || string(w.last) == string(e) {
		return
	}
	w.day, w.last = day, e
	for r := range w.readers {
		r.put(e)
	}
}

// put replaces what the reader has not taken yet.
func (r *reader) put(e []byte) {
	select {
	case <-r.events:
	default:
	}
	r.events <- e
}

// join opens a page's stream; leave must be called. Nil where the hub ended.
func (h *Hub) join(code string) *reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	w := h.desks[code]
	if w == nil {
		w = &watched{dirty: true, readers: map[*reader]struct{}{}}
		h.desks[code] = w
	}
	r := &reader{events: make(chan []byte, 1)}
	w.readers[r] = struct{}{}
	if w.last != nil {
		r.put(w.last)
	}
	h.rouse()
	return r
}

func (h *Hub) leave(code string, r *reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.desks[code]; w != nil {
		delete(w.readers, r)
		if len(w.readers) == 0 {
			delete(h.desks, code)
		}
	}
}

func (h *Hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, w := range h.desks {
		for r := range w.readers {
			close(r.events)
		}
	}
	h.desks = map[string]*watched{}
}

// events are what a page is told of a desk: the numbers, and a version of the
// rates and faces. The page fetches those anew where the version differs from
// its own.
func events(d *index.Desk) []byte {
	numbers, _ := json.Marshal(struct { // plain numbers: it can't fail
		Day     survey.Day `json:"day"`
		Number  int64      `json:"number"`
		WalkIns int64      `json:"walkIns"`
		Waiting int64      `json:"waiting"`
		Hours   [24]int64  `json:"hours"`
	}{d.Day, d.Number, d.WalkIns, d.Today.Waiting, d.Hours})
	return fmt.Appendf(nil, "event: numbers\ndata: %s\n\nevent: figures\ndata: %s\n\n", numbers, version(d))
}

// version names the state of a desk's rates, faces, answers and comments, numbers
// aside.
func version(d *index.Desk) string {
	today, month := d.Today, d.Month
	today.Waiting, month.Waiting = 0, 0
	sum := sha256.Sum256(fmt.Appendf(nil, "%v %+v %+v %v %+v %s %d", d.Day, today, month, d.Faces, d.Days, d.Told, d.Voided))
	return hex.EncodeToString(sum[:8])
}
