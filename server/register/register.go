// Package register is the use case of a server that records facts about
// dossiers, receipts, slips, the organisation and who may count. It decides
// what is new; it writes through the server's outbox and reads what the
// projection computed.
//
// One decision is made at a time: what is registered already is looked up, and
// what is new is on the disk, before the next begins. So two requests at once
// for one dossier give exactly one receipt id. That costs one sync of the disk a
// request, some hundreds a second, where a province needs less than one.
package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/receipt"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/projection"
)

// Recorder makes facts durable. Append returns when the entries are on the disk,
// consecutive and all or none of them; errors of the survey catalogue go through
// to whoever asked. Where it gives both references and an error, the facts are
// stored, and a second copy is not confirmed (survey.CodeUnconfirmed): whoever
// asks again learns that they are registered, and may ask for a reprint.
type Recorder interface {
	Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error)
}

// Backlog gives the facts of the server's own outbox; *outbox.Outbox is one.
type Backlog interface {
	Chains(ctx context.Context) ([]outbox.Chain, error)
	Batch(ctx context.Context, origin fact.OriginID, after uint64, maxFacts, maxBytes int) (data []byte, last uint64, err error)
}

// Projection tells what the facts say so far; *projection.Projection is one.
type Projection interface {
	LookupBallot(ctx context.Context, key [32]byte) (projection.Known, bool, error)
	LookupReceipt(ctx context.Context, hash [32]byte) (projection.Known, bool, error)
	Versions(ctx context.Context) ([]projection.Version, error)
	Runs(ctx context.Context, origin fact.OriginID, since, until int64) ([]projection.Run, error)
	// Mark says up to which number of an origin the facts are in.
	Mark(origin fact.OriginID) fact.Mark
	WaitApplied(ctx context.Context, origin fact.OriginID, number uint64) error
}

// Keys gives the ballot of a normalised dossier code.
type Keys interface {
	Ballot(code string) [32]byte
}

// Options of New; all but Now and Wait are required.
type Options struct {
	Recorder   Recorder
	Backlog    Backlog
	Projection Projection
	Keys       Keys
	DB         *sql.DB          // of the projection, for reading
	BaseURL    string           // scheme and host in receipts' QR codes
	Now        func() time.Time // nil: time.Now
	// Wait bounds how long an answer waits until this server's projection has
	// what was recorded, so that the receipt's page knows it; 0: two seconds.
	// What takes longer is answered all the same: it is on the disk.
	Wait time.Duration
}

// Register is the use case. Its methods may be called by many at once.
type Register struct {
	o     Options
	turn  chan struct{} // holds one token: whoever has it decides
	state state
	recent
}

// New makes the use case. It reads what the outbox holds and the projection has
// not yet applied, so that a restart forgets nothing.
func New(ctx context.Context, o Options) (*Register, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == 0 {
		o.Wait = 2 * time.Second
	}
	r := &Register{o: o, turn: make(chan struct{}, 1), state: state{db: o.DB}, recent: newRecent()}
	r.turn <- struct{}{}
	if err := r.fill(ctx); err != nil {
		return nil, fmt.Errorf("register: read what is recorded and not applied yet: %w", err)
	}
	return r, nil
}

// patience bounds how long a request waits for its turn, and then for the
// recorder: requests must not pile up behind a stream that does not answer.
const patience = 15 * time.Second

// decide runs fn while nobody else decides, and records the entries that it
// gives. It returns the last of the facts; none where there were no entries.
func (r *Register) decide(ctx context.Context, fn func() ([]fact.Entry, error)) (last *fact.Ref, err error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-r.turn:
	case <-waiting.Done():
		return nil, survey.Wrap(survey.CodeBusy, waiting.Err())
	}
	defer func() { r.turn <- struct{}{} }()
	r.sweep(r.o.Projection)
	entries, err := fn()
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	recording, end := context.WithTimeout(ctx, patience)
	defer end()
	refs, err := r.o.Recorder.Append(recording, entries...)
	if len(refs) > 0 {
		last = &refs[len(refs)-1]
		r.note(entries, *last)
	}
	if err != nil {
		return nil, recordFault(err, last != nil)
	}
	return last, nil
}

// recordFault gives the catalogue's error for what a recorder could not store,
// or stored without its second copy.
func recordFault(err error, stored bool) error {
	var known *survey.Error
	switch {
	case errors.As(err, &known):
		return known
	case stored:
		return survey.Wrap(survey.CodeUnconfirmed, err)
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return survey.Wrap(survey.CodeBusy, err)
	case sqlite.IsFull(err):
		return survey.Wrap(survey.CodeStorageFull, err)
	}
	return survey.Wrap(survey.CodeStorageFailing, err)
}

// settle waits, within bounds, until what was recorded is applied here.
func (r *Register) settle(ctx context.Context, last *fact.Ref) {
	if last == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.Wait)
	defer cancel()
	// Not applied in time is no failure: it is recorded, and recent knows it.
	_ = r.o.Projection.WaitApplied(ctx, last.Origin, last.Number)
}

// Registered is a receipt or slip that was given out: this is the only time
// that its id is known to the server.
type Registered struct {
	ID  receipt.ID
	URL string
}

func (r *Register) draw() (Registered, error) {
	id, err := receipt.NewID(nil)
	if err != nil {
		return Registered{}, err
	}
	return r.Printed(id), nil
}

// Printed gives a known receipt id with its URL.
func (r *Register) Printed(id receipt.ID) Registered {
	return Registered{ID: id, URL: receipt.URL(r.o.BaseURL, id)}
}
