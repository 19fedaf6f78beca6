// Package sample makes up a plausible history of a province, as facts that go
// the same way as all others, so that pages can be seen with something in them.
package sample

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/organisation"
)

// Slot is the step of time in which facts are recorded together.
const Slot = 10 * time.Minute

// Options of New.
type Options struct {
	Organisation *organisation.Organisation
	Ballot       func(code string) [32]byte // keyring.Ring.Ballot
	From, To     time.Time
	Seed         uint64
	// Questionnaire is what some of the people answer too; nil: the overall
	// question alone.
	Questionnaire *survey.Questionnaire
}

// History makes facts in the order of their times.
type History struct {
	o      Options
	rng    *rand.Rand
	desks  []desk
	queue  events
	next   time.Time // first day not planned yet
	number int
}

// desk is a place with its own manners.
type desk struct {
	fact.Desk
	daily   float64 // dossiers or slips a working day
	quality float64 // share of 4 and 5
	trend   float64 // of it a year
	rated   float64 // share that rates
}

type event struct {
	at    time.Time
	order int
	entry fact.Entry
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return cmp.Or(e[i].at.Compare(e[j].at), cmp.Compare(e[i].order, e[j].order)) < 0
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// New plans nothing yet: Next does, day by day.
func New(o Options) *History {
	h := &History{o: o, rng: rand.New(rand.NewPCG(o.Seed, 0)), next: survey.DayOf(o.From).Start()} // #nosec G404 -- made-up history, the same for the same seed
	kinds := map[string]string{}
	for _, u := range o.Organisation.Units {
		kinds[u.Code] = u.Kind
	}
	for _, d := range o.Organisation.Desks {
		x := desk{
			Desk: d, daily: 1.5 + 4*h.rng.Float64(), quality: 0.88 + 0.105*h.rng.Float64(),
			trend: 0.03 * (h.rng.Float64() - 0.35), rated: 0.2 + 0.4*h.rng.Float64(),
		}
		switch kinds[d.Unit] {
		case "so", "thanh-pho":
			x.daily, x.quality = 6+8*h.rng.Float64(), 0.93+0.06*h.rng.Float64()
		}
		h.desks = append(h.desks, x)
	}
	return h
}

// Next gives the entries of the next slot that has any and the slot's time;
// none at the end of the history.
func (h *History) Next() (at time.Time, entries []fact.Entry) {
	for len(h.queue) == 0 || !h.queue[0].at.Before(h.next) {
		if !h.next.Before(h.o.To) {
			break
		}
		h.plan(survey.DayOf(h.next))
		h.next = survey.DayOf(h.next.Add(36 * time.Hour)).Start()
	}
	if len(h.queue) == 0 || !h.queue[0].at.Before(h.o.To) {
		return at, nil
	}
	at = h.queue[0].at.Truncate(Slot)
	end := at.Add(Slot)
	if end.After(h.o.To) {
		end = h.o.To
	}
	for len(h.queue) > 0 && h.queue[0].at.Before(end) && len(entries) < 900 {
		entries = append(entries, heap.Pop(&h.queue).(event).entry)
	}
	return at, entries
}

func (h *History) put(at time.Time, kind fact.Kind, body any) {
	h.number++
	heap.Push(&h.queue, event{at, h.number, fact.Entry{Kind: kind, Body: body}})
}

// plan makes up one day at every desk, with what follows of it later.
func (h *History) plan(d survey.Day) {
	start := d.Start()
	if w := start.UTC().Add(7 * time.Hour).Weekday(); w == time.Saturday || w == time.Sunday {
		return
	}
	years := start.Sub(h.o.From).Hours() / 24 / 365
	for i := range h.desks {
		x := &h.desks[i]
		n := int(x.daily*(0.6+0.8*h.rng.Float64()) + h.rng.Float64())
		for range n {
			at := start.Add(h.workingTime())
			q := math.Min(0.995, x.quality+x.trend*years)
			if x.Service == uint8(survey.ServicePublic) {
				h.visit(x, at, q)
			} else {
				h.dossier(x, at, q)
			}
		}
	}
}

// workingTime leans to the morning and to the early afternoon.
func (h *History) workingTime() time.Duration {
	from, span := 7*time.Hour+30*time.Minute, 4*time.Hour
	if h.rng.Float64() < 0.4 {
		from, span = 13*time.Hour+30*time.Minute, 3*time.Hour
	}
	share := (h.rng.Float64() + h.rng.Float64()) / 2
	return from + time.Duration(share*float64(span))
}

func (h *History) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(h.rng.Uint32())
	}
	return b
}

var fields = []string{"Đất đai", "Hộ tịch", "Đăng ký kinh doanh", "Xây dựng", "Giao thông vận tải", "Chứng thực"}

func (h *History) dossier(x *desk, at time.Time, quality float64) {
	ballot := h.o.Ballot("sample-" + strconv.FormatUint(h.o.Seed, 10) + "-" + strconv.Itoa(h.number))
	hash := h.bytes(32)
	due := at.Add(time.Duration(3+h.rng.IntN(12)) * 24 * time.Hour)
	h.put(at, fact.KindDossier, &fact.Dossier{
		Ballot: ballot[:], Desk: x.Code, Unit: x.Unit, Service: x.Service, Field: fields[h.rng.IntN(len(fields))],
		Received: at.UnixMilli(), Due: due.UnixMilli(),
	})
	h.put(at, fact.KindReceipt, &fact.Receipt{Hash: hash, Ballot: ballot[:]})
	back := survey.DayOf(due.Add(time.Duration((h.rng.Float64()*6 - 5) * 24 * float64(time.Hour)))).Start().Add(h.workingTime())
	if back.Before(at) {
		back = at.Add(time.Hour)
	}
	h.put(back, fact.KindEvent, &fact.Event{Ballot: ballot[:], Step: uint8(survey.StepReturned), At: back.UnixMilli(), Desk: x.Code})
	h.rate(x, hash, back, quality)
}

func (h *History) visit(x *desk, at time.Time, quality float64) {
	hash := h.bytes(32)
	h.put(at, fact.KindSlip, &fact.Slip{Hash: hash, Desk: x.Code, Unit: x.Unit, Service: x.Service, Issued: at.UnixMilli()})
	h.rate(x, hash, at, quality)
}

// rate lets some people rate at the kiosk, some at home, and a few change
// their mind there.
func (h *History) rate(x *desk, hash []byte, at time.Time, quality float64) {
	p := h.rng.Float64()
	if p > x.rated {
		return
	}
	channel, when := survey.ChannelKiosk, at.Add(2*time.Minute)
	if p < 0.2*x.rated {
		channel, when = survey.ChannelPhone, at.Add(time.Duration(1+h.rng.IntN(50))*time.Hour)
	}
	score := h.score(quality)
	h.put(when, fact.KindRating, h.rating(x, hash, channel, score))
	if h.rng.Float64() < 0.015 {
		h.put(when.Add(5*time.Hour), fact.KindRating, h.rating(x, hash, survey.ChannelPhone, h.score(quality-0.3)))
	}
}

func (h *History) score(quality float64) uint8 {
	if h.rng.Float64() < quality {
		return 4 + uint8(h.rng.IntN(2))
	}
	return []uint8{3, 3, 3, 2, 2, 1}[h.rng.IntN(6)]
}

func (h *History) rating(x *desk, hash []byte, channel survey.Channel, score uint8) *fact.Rating {
	r := &fact.Rating{
		Receipt: hash, Session: h.bytes(16), Nonce: h.bytes(16), Score: score, Channel: uint8(channel), Language: "vi",
		Took: uint32(1500 + h.rng.IntN(6000)),
	}
	if sheet := h.o.Questionnaire.For(survey.Service(x.Service)); sheet != nil && h.rng.Float64() < 0.3 {
		r.Questionnaire = h.o.Questionnaire.Version
		h.answer(r, sheet)
	}
	return r
}

// answer lets one go on to the questions: each score near the overall one, some
// skipped, and a few reasons that go with it.
func (h *History) answer(r *fact.Rating, sheet *survey.ServiceSheet) {
	for _, q := range sheet.Questions {
		if q.Officer || h.rng.Float64() < 0.15 {
			continue
		}
		near := int(r.Score) + h.rng.IntN(3) - 1
		r.Answers = append(r.Answers, fact.Answer{Question: q.Code, Score: uint8(min(max(near, 1), 5))})
	}
	for _, x := range sheet.Reasons {
		if x.Kiosk && h.rng.Float64() < 0.25 {
			tick := "-"
			if h.rng.Float64() < float64(r.Score)/5.5 {
				tick = "+"
			}
			r.Reasons = append(r.Reasons, tick+x.Code)
		}
	}
}
