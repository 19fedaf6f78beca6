package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/audit"
)

// Particulars are what an administrator says of an account.
type Particulars struct {
	Role            access.Role
	Unit, Desk      string // codes, where the role is for one unit or desk
	Off             bool
	Login           string // "" for a program
	Name            string
	Email           string
	Issuer, Subject string // of another place's sign-in, or ""
}

// Greatest lengths in bytes.
const (
	maxLogin = 64
	maxText  = 200
)

// NormalLogin gives a sign-in name as it is compared: without spaces around it,
// in lower case, composed (NFC). The error is survey.CodeBadField.
func NormalLogin(login string) (string, error) {
	if len(login) > 4*maxLogin {
		return "", survey.New(survey.CodeBadField, "login")
	}
	login = norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(login))))
	odd := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) || unicode.IsSpace(r) }
	if len(login) < 2 || len(login) > maxLogin || strings.ContainsFunc(login, odd) {
		return "", survey.New(survey.CodeBadField, "login")
	}
	return login, nil
}

// unseen says whether a character is not to be seen, and may change how what
// stands beside it reads, as the marks for writing from right to left do.
func unseen(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// check says whether the particulars can be an account's, and normalises them.
func (a *Accounts) check(ctx context.Context, p *Particulars) (err error) {
	if !p.Role.Known() {
		return survey.New(survey.CodeBadField, "role")
	}
	if p.Role == access.Program {
		if p.Login+p.Email+p.Issuer+p.Subject != "" {
			return survey.New(survey.CodeBadField, "login")
		}
	} else if p.Login, err = NormalLogin(p.Login); err != nil {
		return err
	}
	p.Name = norm.NFC.String(strings.TrimSpace(p.Name))
	if p.Name == "" {
		return survey.New(survey.CodeMissingField, "name")
	}
	for name, v := range map[string]string{"name": p.Name, "email": p.Email, "issuer": p.Issuer, "subject": p.Subject} {
		if len(v) > maxText || !utf8.ValidString(v) || strings.ContainsFunc(v, unseen) {
			return survey.New(survey.CodeBadField, name)
		}
	}
	if (p.Issuer == "") != (p.Subject == "") {
		return survey.New(survey.CodeBadField, "subject")
	}
	for _, place := range []struct {
		wanted             bool
		name, code, lookup string
		unknown            survey.Code
	}{
		{p.Role.OfUnit(), "unit", p.Unit, `SELECT 1 FROM unit WHERE code = ?`, survey.CodeUnknownUnit},
		{p.Role.OfDesk(), "desk", p.Desk, `SELECT 1 FROM desk WHERE code = ?`, survey.CodeUnknownDesk},
	} {
		switch {
		case place.wanted && place.code == "":
			return survey.New(survey.CodeMissingField, place.name)
		case !place.wanted && place.code != "":
			return survey.New(survey.CodeBadField, place.name)
		case !place.wanted:
			continue
		}
		var one int
		err := a.o.DB.QueryRowContext(ctx, place.lookup, place.code).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return survey.New(place.unknown, clip(place.code))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// Create makes an account. It lets nobody in before it has a password (see
// Gate.NewLink), another place's subject, or a token.
func (a *Accounts) Create(ctx context.Context, p Particulars) (Account, error) {
	var id [16]byte
	rand.Read(id[:]) // never fails
	return a.decide(ctx, id, "account.create", func(before *state, all []state) (*state, error) {
		next := &state{row: row{id: id}}
		return next, a.particulars(ctx, next, p, all)
	})
}

// Change gives an account other particulars. An account that is off or has
// another role keeps no session: see Gate.Change.
func (a *Accounts) Change(ctx context.Context, id [16]byte, p Particulars) (Account, error) {
	return a.decide(ctx, id, "account.change", func(before *state, all []state) (*state, error) {
		next := *before
		return &next, a.particulars(ctx, &next, p, all)
	})
}

// TurnOff lets an account let nobody in; its particulars stay. An account whose
// words are nowhere any more can be turned off too.
func (a *Accounts) TurnOff(ctx context.Context, id [16]byte) (Account, error) {
	return a.decide(ctx, id, "account.off", func(before *state, all []state) (*state, error) {
		next := *before
		next.row.off, next.readable = true, true
		return &next, lastAdministrator(&next, all)
	})
}

// particulars puts them into a state.
func (a *Accounts) particulars(ctx context.Context, s *state, p Particulars, all []state) error {
	if err := a.check(ctx, &p); err != nil {
		return err
	}
	program := s.row.role == access.Program
	if s.row.role != 0 && program != (p.Role == access.Program) {
		return survey.New(survey.CodeBadField, "role") // a token never is a person's
	}
	s.row.role, s.row.unit, s.row.desk, s.row.off, s.row.login = p.Role, p.Unit, p.Desk, p.Off, nil
	if p.Login != "" {
		sum := a.o.Keys.Login(p.Login)
		s.row.login = sum[:]
	}
	s.Login, s.Name, s.Email, s.Issuer, s.Subject = p.Login, p.Name, p.Email, p.Issuer, p.Subject
	s.readable = true
	for i := range all {
		x := &all[i]
		if p.Off || x.row.id == s.row.id || x.row.off {
			continue
		}
		if p.Login != "" && string(x.row.login) == string(s.row.login) {
			return survey.New(survey.CodeLoginTaken)
		}
		if p.Subject != "" && x.Issuer == p.Issuer && x.Subject == p.Subject {
			return survey.New(survey.CodeLoginTaken)
		}
	}
	return lastAdministrator(s, all)
}

// lastAdministrator refuses what would leave no administrator; the first account
// of all is nobody's loss.
func lastAdministrator(next *state, all []state) error {
	if next.row.role == access.Administrator && !next.row.off || administrators(all, next.row.id) > 0 {
		return nil
	}
	for i := range all {
		if x := &all[i].row; x.id == next.row.id && x.role == access.Administrator && !x.off {
			return survey.New(survey.CodeLastAdministrator)
		}
	}
	return nil
}

// decide lets fn make the next state of an account from what is there, while
// nobody else decides here, and records it. before is nil for a new account; of
// one that is there it must be, and its words too, but to turn it off. Where fn
// gives nil, nothing is recorded.
func (a *Accounts) decide(ctx context.Context, id [16]byte, action string, fn func(before *state, all []state) (*state, error)) (Account, error) {
	waiting, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	select {
	case <-a.turn:
	case <-waiting.Done():
		return Account{}, survey.Wrap(survey.CodeBusy, waiting.Err())
	}
	defer func() { a.turn <- struct{}{} }()
	all, err := a.all(waiting)
	if err != nil {
		return Account{}, err
	}
	var before *state
	for i := range all {
		if all[i].row.id == id {
			before = &all[i]
		}
	}
	switch {
	case before == nil && action != "account.create":
		return Account{}, survey.New(survey.CodeUnknownAccount)
	case before != nil && !before.readable && action != "account.off":
		return Account{}, survey.New(survey.CodeAccountNotHere)
	}
	next, err := fn(before, all)
	if err != nil || next == nil {
		return Account{}, err
	}
	if err := a.record(waiting, action, before, next); err != nil {
		return Account{}, err
	}
	return a.account(next), nil
}

// record makes the next state durable, and erases the words of the one before,
// so that no former password hash stays.
func (a *Accounts) record(ctx context.Context, action string, before, next *state) error {
	plain, err := json.Marshal(next.secret) //#nosec G117 -- hashes, and sealed before they go anywhere
	if err != nil {
		return err
	}
	sealed, err := a.o.Keys.SealWords(plain)
	if err != nil {
		return err
	}
	if len(sealed) > fact.MaxSealedWords {
		return survey.New(survey.CodeTextTooLong, "account", fact.MaxSealedWords)
	}
	next.row.digest = sha256.Sum256(sealed)
	entries := []fact.Entry{{Kind: fact.KindAccount, Words: sealed, Body: &fact.Account{
		ID: next.row.id[:], Login: next.row.login, Role: uint8(next.row.role), Unit: next.row.unit, Desk: next.row.desk, Off: next.row.off,
		Digest: next.row.digest[:], Size: uint32(len(sealed)), //#nosec G115 -- at most MaxSealedWords
	}}}
	if before != nil {
		if err := a.outlast(ctx, before.row.since); err != nil {
			return err
		}
		entries = append(entries, fact.Entry{Kind: fact.KindErasure, Body: &fact.Erasure{Digest: before.row.digest[:], Reason: fact.ErasedReplaced}})
	}
	refs, err := a.o.Recorder.Append(describe(ctx, action, before, next), entries...)
	if len(refs) == 0 {
		return recordFault(err)
	}
	// Stored, whatever the second copy says: see register.Recorder.
	next.row.since = refs[0].Stamp.Wall
	a.mu.Lock()
	a.recent[next.row.id] = recorded{next.row, next.secret}
	a.secrets[next.row.digest] = next.secret
	a.mu.Unlock()
	// The words come here by their stream too; at once is better.
	if err := a.o.Words.Put(ctx, sealed); err != nil {
		a.o.Log.Warn("keep an account's words", "error", err)
	}
	settle, cancel := context.WithTimeout(ctx, a.o.Settle)
	defer cancel()
	_ = a.o.Projection.WaitApplied(settle, refs[0].Origin, refs[0].Number) // recent knows it until then
	if err != nil {
		return recordFault(err)
	}
	return nil
}

// outlast waits until a fact written now is later than the one that holds, which
// another server's clock may have dated: the later one counts.
func (a *Accounts) outlast(ctx context.Context, since int64) error {
	ahead := time.UnixMilli(since + 1).Sub(a.o.Now())
	if ahead <= 0 {
		return nil
	}
	if ahead > patience {
		return survey.Wrap(survey.CodeBusy, fmt.Errorf("account: the fact that holds is %s ahead of this server's clock", ahead))
	}
	select {
	case <-time.After(ahead):
		return nil
	case <-ctx.Done():
		return survey.Wrap(survey.CodeBusy, ctx.Err())
	}
}

// recordFault gives the catalogue's error for what could not be stored.
func recordFault(err error) error {
	var known *survey.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return survey.Wrap(survey.CodeBusy, err)
	case sqlite.IsFull(err):
		return survey.Wrap(survey.CodeStorageFull, err)
	}
	return survey.Wrap(survey.CodeStorageFailing, err)
}

// describe says for the audit what the facts alone do not show: never a hash or
// a secret.
func describe(ctx context.Context, action string, before, next *state) context.Context {
	subject := hex.EncodeToString(next.row.id[:])
	change := audit.Change{Thing: subject, Kind: "account", After: told(next)}
	if before != nil {
		change.Before = told(before)
	}
	return audit.Describe(ctx, audit.Description{Action: action, Subject: subject, Changes: []audit.Change{change}})
}

func told(s *state) json.RawMessage {
	good := 0
	for i := range s.Tokens {
		if s.Tokens[i].Until == 0 {
			good++
		}
	}
	data, err := json.Marshal(map[string]any{
		"role": s.row.role.String(), "unit": s.row.unit, "desk": s.row.desk, "off": s.row.off, "login": s.Login, "name": s.Name, "email": s.Email,
		"password": s.Password != "", "totp": s.TOTP != "", "recovery": len(s.Recovery), "tokens": good, "subject": s.Subject,
	})
	if err != nil {
		return nil // strings and numbers: never
	}
	return data
}
