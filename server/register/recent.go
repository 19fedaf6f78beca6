package register

import (
	"context"

	"hailong/internal/fact"
)

// particulars are what a repeated registration is compared by.
type particulars struct {
	desk, unit string
	service    uint8
	received   int64 // Unix ms
}

// happened names one step of a dossier.
type happened struct {
	ballot [32]byte
	step   uint8
	at     int64 // Unix ms
}

// recent is what is recorded and not yet applied by this server's projection.
// It is used by whoever decides, alone.
type recent struct {
	dossiers map[[32]byte]particulars
	events   map[happened]bool
	sheets   map[uint16]*fact.Questionnaire
	runs     []noted // oldest first
}

// noted are facts that were recorded together, up to the numbered one.
type noted struct {
	origin   fact.OriginID
	number   uint64
	dossiers [][32]byte
	events   []happened
	sheets   []*fact.Questionnaire
}

func newRecent() recent {
	return recent{dossiers: map[[32]byte]particulars{}, events: map[happened]bool{}, sheets: map[uint16]*fact.Questionnaire{}}
}

// note keeps what was recorded.
func (x *recent) note(entries []fact.Entry, last fact.Ref) {
	n := noted{origin: last.Origin, number: last.Number}
	for _, e := range entries {
		switch b := e.Body.(type) {
		case *fact.Dossier:
			key := [32]byte(b.Ballot)
			x.dossiers[key] = particulars{b.Desk, b.Unit, b.Service, b.Received}
			n.dossiers = append(n.dossiers, key)
		case *fact.Event:
			h := happened{[32]byte(b.Ballot), b.Step, b.At}
			x.events[h] = true
			n.events = append(n.events, h)
		case *fact.Questionnaire:
			x.sheets[b.Version] = b
			n.sheets = append(n.sheets, b)
		}
	}
	if len(n.dossiers)+len(n.events)+len(n.sheets) > 0 {
		x.runs = append(x.runs, n)
	}
}

// sweep forgets what the projection has meanwhile.
func (x *recent) sweep(p Projection) {
	for len(x.runs) > 0 {
		n := x.runs[0]
		if p.Mark(n.origin).Number < n.number {
			return
		}
		for _, key := range n.dossiers {
			delete(x.dossiers, key)
		}
		for _, h := range n.events {
			delete(x.events, h)
		}
		for _, q := range n.sheets {
			if x.sheets[q.Version] == q {
				delete(x.sheets, q.Version)
			}
		}
		x.runs = x.runs[1:]
	}
}

// fill notes the facts of the outbox that the projection has not applied.
func (r *Register) fill(ctx context.Context) error {
	chains, err := r.o.Backlog.Chains(ctx)
	if err != nil {
		return err
	}
	for _, c := range chains {
		for after := r.o.Projection.Mark(c.Origin).Number; ; {
			data, last, err := r.o.Backlog.Batch(ctx, c.Origin, after, fact.MaxBatch, 1<<20)
			if err != nil {
				return err
			}
			if data == nil {
				break
			}
			if err := r.noteBatch(data); err != nil {
				return err
			}
			after = last
		}
	}
	return nil
}

func (r *Register) noteBatch(data []byte) error {
	b, err := fact.Open(data)
	if err != nil {
		return err
	}
	var entries []fact.Entry
	for _, record := range b.Records {
		if record.Fact == nil {
			continue
		}
		var body any
		switch record.Fact.Kind {
		case fact.KindDossier:
			body = &fact.Dossier{}
		case fact.KindEvent:
			body = &fact.Event{}
		case fact.KindQuestionnaire:
			body = &fact.Questionnaire{}
		default:
			continue
		}
		if err := fact.Unmarshal(record.Fact.Body, body); err != nil {
			return err
		}
		entries = append(entries, fact.Entry{Kind: record.Fact.Kind, Body: body})
	}
	r.note(entries, fact.Ref{Origin: b.Origin, Number: b.Last().Number})
	return nil
}
