package audit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// Log is where acts are looked for.
type Log struct {
	DB *sql.DB // reads the projection
	// Words opens what an act says; false where it is not here.
	Words func(ctx context.Context, digest [32]byte) (plain []byte, ok bool, err error)
}

// State is where the words of an act are.
type State string

// The states.
const (
	Here   State = "here"
	Waits  State = "waiting" // not on this server yet
	Erased State = "erased"
)

// Entry is one act.
type Entry struct {
	At      time.Time // by the clock of the server that recorded it
	Account [16]byte  // zero: nobody's
	Via     uint8     // fact.ViaPage, …
	Action  string
	Subject string
	Facts   int // how many facts right before it it speaks of
	Detail  Detail
	State   State
	// Its proof: where it stands in which chain, and its hash there.
	Origin fact.OriginID
	Number uint64
	Hash   fact.Hash

	fact, at int64
	digest   [32]byte
	erased   bool
}

// Filter says which acts are looked for; the zero filter: all.
type Filter struct {
	Text    string // found in names, subjects and details, whatever the case and marks
	Action  string
	Account *[16]byte
	From    survey.Day // first day; 0: from the beginning
	To      survey.Day // last day; 0: until now
	After   Cursor     // go on after this one, to older acts
}

// Cursor is a place in the list; zero: its beginning.
type Cursor struct{ at, fact int64 }

// String writes the cursor for an address; "": the beginning.
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	return fmt.Sprintf("%d-%d", c.at, c.fact)
}

// Page is a part of the list, the newest first.
type Page struct {
	Entries []Entry
	Next    Cursor    // zero: that was all
	Until   time.Time // where the search stopped before the part was full; zero: it did not
}

// OnPage is how many acts a page has.
const OnPage = 50

// Bounds of one search by text, which opens the words of every act that it looks
// at.
const (
	searched = 5000
	patience = 200 * time.Millisecond
)

// ParseFilter reads the parameters q, action, account, from, to and after.
func ParseFilter(q map[string]string) (f Filter, err error) {
	bad := func(name string) (Filter, error) { return Filter{}, survey.New(survey.CodeBadField, name) }
	f.Text, f.Action = strings.TrimSpace(q["q"]), q["action"]
	if len(f.Text) > 200 {
		return bad("q")
	}
	if len(f.Action) > 200 {
		return bad("action")
	}
	if s := q["account"]; s != "" {
		raw, err := hex.DecodeString(s)
		if err != nil || len(raw) != 16 {
			return bad("account")
		}
		f.Account = (*[16]byte)(raw)
	}
	for name, day := range map[string]*survey.Day{"from": &f.From, "to": &f.To} {
		if s := q[name]; s != "" {
			if *day, err = survey.ParseDay(s); err != nil {
				return bad(name)
			}
		}
	}
	if s := q["after"]; s != "" {
		at, number, _ := strings.Cut(s, "-")
		var wrong [2]error
		f.After.at, wrong[0] = strconv.ParseInt(at, 10, 64)
		f.After.fact, wrong[1] = strconv.ParseInt(number, 10, 64)
		if errors.Join(wrong[:]...) != nil {
			return bad("after")
		}
	}
	return f, nil
}

// Query is the filter as ParseFilter reads it, without the place in the list.
func (f Filter) Query() map[string]string {
	q := map[string]string{}
	set := func(name, value string) {
		if value != "" {
			q[name] = value
		}
	}
	set("q", f.Text)
	set("action", f.Action)
	if f.Account != nil {
		set("account", hex.EncodeToString(f.Account[:]))
	}
	if f.From != 0 {
		set("from", f.From.String())
	}
	if f.To != 0 {
		set("to", f.To.String())
	}
	return q
}

// Find gives the acts that a filter takes, most of them at once; a search by text
// looks at some thousands, for a moment, and says where it stopped.
func (l Log) Find(ctx context.Context, f Filter, most int) (p Page, err error) {
	look := most
	if f.Text != "" {
		look = max(searched, most)
	}
	rows, err := l.rows(ctx, f, look+1)
	if err != nil {
		return p, err
	}
	more := len(rows) > look
	if more {
		rows = rows[:look]
	}
	folded, start := fold(f.Text), time.Now()
	for i := range rows {
		e := &rows[i]
		if f.Text != "" && i > 0 && time.Since(start) > patience {
			rows, more = rows[:i], true
			break
		}
		if err := l.open(ctx, e); err != nil {
			return p, err
		}
		if f.Text != "" && !e.says(folded) {
			continue
		}
		if err := l.prove(ctx, e); err != nil {
			return p, err
		}
		p.Entries = append(p.Entries, *e)
		if len(p.Entries) == most {
			if more || i < len(rows)-1 {
				p.Next = Cursor{e.at, e.fact}
			}
			return p, nil
		}
	}
	if more {
		last := rows[len(rows)-1]
		p.Next, p.Until = Cursor{last.at, last.fact}, last.At
	}
	return p, nil
}

// rows gives acts without their words.
func (l Log) rows(ctx context.Context, f Filter, limit int) (all []Entry, err error) {
	from, to, after := int64(0), int64(math.MaxInt64), f.After
	if f.From != 0 {
		from = f.From.Start().UnixMilli()
	}
	if f.To != 0 {
		to = (f.To + 1).Start().UnixMilli()
	}
	if after == (Cursor{}) {
		after = Cursor{math.MaxInt64, math.MaxInt64}
	}
	var account []byte
	if f.Account != nil {
		account = f.Account[:]
	}
	r, err := l.DB.QueryContext(ctx, `SELECT fact, at, account, via, action, subject, facts, digest, digest IN (SELECT digest FROM erased) FROM act
		WHERE (at, fact) < (?1, ?2) AND at >= ?3 AND at < ?4 AND (?5 = '' OR action = ?5) AND (?6 IS NULL OR account = ?6)
		ORDER BY at DESC, fact DESC LIMIT ?7`, after.at, after.fact, from, to, f.Action, account, limit)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for r.Next() {
		var e Entry
		var by, digest []byte
		if err := r.Scan(&e.fact, &e.at, &by, &e.Via, &e.Action, &e.Subject, &e.Facts, &digest, &e.erased); err != nil {
			return nil, err
		}
		copy(e.Account[:], by)
		copy(e.digest[:], digest)
		e.At = time.UnixMilli(e.at)
		all = append(all, e)
	}
	return all, r.Err()
}

// open reads what an act says.
func (l Log) open(ctx context.Context, e *Entry) error {
	if e.erased {
		e.State = Erased
		return nil
	}
	e.State = Waits
	plain, ok, err := l.Words(ctx, e.digest)
	if err != nil || !ok {
		return err
	}
	if json.Unmarshal(plain, &e.Detail) == nil { // not what we write: as good as none
		e.State = Here
	}
	return nil
}

// prove finds where the act stands.
func (l Log) prove(ctx context.Context, e *Entry) error {
	var origin, bytes []byte
	err := l.DB.QueryRowContext(ctx, `SELECT o.id, f.bytes FROM fact f JOIN origin o ON o.oid = f.id >> 40 WHERE f.id = ?`, e.fact).Scan(&origin, &bytes)
	if err != nil {
		return fmt.Errorf("audit: the fact of an act: %w", err)
	}
	copy(e.Origin[:], origin)
	e.Number, e.Hash = uint64(e.fact&fact.MaxNumber), fact.HashOf(bytes)
	return nil
}

// says is whether the act speaks of what is looked for.
func (e *Entry) says(folded string) bool {
	d := &e.Detail
	for _, s := range []string{d.Name, e.Subject, e.Action, d.Note, d.From} {
		if strings.Contains(fold(s), folded) {
			return true
		}
	}
	for _, c := range d.Changes {
		for _, s := range []string{c.Thing, string(c.Before), string(c.After)} {
			if strings.Contains(fold(s), folded) {
				return true
			}
		}
	}
	return false
}

// fold makes letters alike that differ in case or marks: «Đường» is «duong».
func fold(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] >= 0x80 {
			plain = false
			break
		}
	}
	s = strings.ToLower(s)
	if plain {
		return s
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case r == 'đ':
			b.WriteByte('d')
		case !unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		}
	}
	return b.String()
}
