package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"

	"hailong/internal/fact"
)

// Change is one thing before and after, as JSON objects; none: it was not
// there, or is no more.
type Change struct {
	Thing  string          `json:"thing,omitempty"` // code or id
	Kind   string          `json:"kind,omitempty"`  // "unit", "target", …
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Detail is what an act's words say, as JSON.
type Detail struct {
	Name    string   `json:"name,omitempty"` // who it was, as they were called then
	From    string   `json:"from,omitempty"` // address of the network
	Note    string   `json:"note,omitempty"`
	Changes []Change `json:"changes,omitempty"`
	More    int      `json:"more,omitempty"` // changes that found no room
}

// Description says of a change what its facts alone do not show.
type Description struct {
	Action  string // "account.create", …; "": by the kind of the facts
	Subject string
	Note    string
	Changes []Change // instead of what the facts say
}

type descriptionKey struct{}

// Describe gives a context in which the next Append is described so.
func Describe(ctx context.Context, d Description) context.Context {
	return context.WithValue(ctx, descriptionKey{}, d)
}

// Options of New; all are required.
type Options struct {
	// Append makes facts durable: consecutive, and all or none of them. Where it
	// gives references together with an error, the facts are stored.
	Append func(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error)
	// Reader reads the projection.
	Reader *sql.DB
	// Seal seals words to the servers' key.
	Seal func(plain []byte) ([]byte, error)
}

// Recorder records facts for everybody in this server, and beside those that
// change something an act. Its methods may be called by many at once.
type Recorder struct{ o Options }

// New makes a recorder.
func New(o Options) *Recorder { return &Recorder{o} }

// Bounds of one act: its sealed words have to fit fact.MaxSealedWords.
const (
	actChanges = 60
	actBytes   = fact.MaxSealedWords - 1<<10
)

// Append records the entries, and after each run of changes among them the act
// that they are, all in one commit. The actor is that of the context; without
// one it is the server itself. References are those of the entries alone.
func (r *Recorder) Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	all, mine, run := make([]fact.Entry, 0, len(entries)+1), make([]int, 0, len(entries)), []fact.Entry(nil)
	flush := func() error {
		if len(run) == 0 {
			return nil
		}
		act, err := r.act(ctx, run)
		if err != nil {
			return err
		}
		all, run = append(all, act), nil
		return nil
	}
	for _, e := range entries {
		if name := nameOf(e.Kind); name == "" || len(run) == actChanges {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		mine = append(mine, len(all))
		all = append(all, e)
		if nameOf(e.Kind) != "" {
			run = append(run, e)
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	refs, err := r.o.Append(ctx, all...)
	if len(refs) != len(all) {
		return nil, err
	}
	own := make([]fact.Ref, len(mine))
	for i, at := range mine {
		own[i] = refs[at]
	}
	return own, err
}

// Note records an act that changed nothing, such as an export of texts. The name
// and the address are the actor's.
func (r *Recorder) Note(ctx context.Context, action, subject string, d Detail) error {
	e, err := r.seal(ctx, &fact.Act{Action: action, Subject: subject}, d)
	if err != nil {
		return err
	}
	_, err = r.o.Append(ctx, e)
	return err
}

// act makes the act of some changes.
func (r *Recorder) act(ctx context.Context, run []fact.Entry) (fact.Entry, error) {
	said, _ := ctx.Value(descriptionKey{}).(Description)
	d := Detail{Note: said.Note, Changes: said.Changes}
	if said.Changes == nil {
		for _, e := range run {
			c, err := r.change(ctx, e)
			if err != nil {
				return fact.Entry{}, fmt.Errorf("audit: what was there before: %w", err)
			}
			d.Changes = append(d.Changes, c)
		}
	}
	a := &fact.Act{Action: said.Action, Subject: said.Subject, Facts: uint16(len(run))}
	if a.Action == "" {
		a.Action = "organisation.load"
		if len(run) == 1 {
			a.Action = nameOf(run[0].Kind)
		}
	}
	if a.Subject == "" && len(d.Changes) == 1 {
		a.Subject = d.Changes[0].Thing
	}
	return r.seal(ctx, a, d)
}

// seal fills in who acts and gives the act with its words; what finds no room
// in them is counted.
func (r *Recorder) seal(ctx context.Context, a *fact.Act, d Detail) (fact.Entry, error) {
	who, ok := Of(ctx)
	if !ok {
		who.Via = fact.ViaServer
	}
	a.Via, d.Name, d.From = who.Via, who.Name, who.From
	if who.Account != [16]byte{} {
		a.By = who.Account[:]
	}
	a.Subject = clip(a.Subject)
	plain, err := json.Marshal(d)
	for err == nil && len(plain) > actBytes {
		n := len(d.Changes)
		if n == 0 {
			return fact.Entry{}, fmt.Errorf("audit: a note of %d bytes is too long", len(plain))
		}
		d.Changes, d.More = d.Changes[:n/2], d.More+n-n/2
		plain, err = json.Marshal(d)
	}
	if err != nil {
		return fact.Entry{}, err
	}
	sealed, err := r.o.Seal(plain)
	if err != nil {
		return fact.Entry{}, fmt.Errorf("audit: seal: %w", err)
	}
	sum := sha256.Sum256(sealed)
	a.Digest, a.Size = sum[:], uint32(len(sealed))
	return fact.Entry{Kind: fact.KindAct, Body: a, Words: sealed}, nil
}

func clip(s string) string {
	for len(s) > fact.MaxText {
		s = string([]rune(s)[:len([]rune(s))/2])
	}
	return s
}
