package account

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"hailong/server/access"
)

// row is an account's fact, as the projection's table has it.
type row struct {
	id     [16]byte
	login  []byte // HMAC; empty for a program
	role   access.Role
	unit   string
	desk   string
	off    bool
	digest [32]byte
	since  int64 // Unix ms
}

// secret is what an account's words say, as JSON.
type secret struct {
	Login    string   `json:"login,omitempty"`
	Name     string   `json:"name,omitempty"`
	Email    string   `json:"email,omitempty"`
	Issuer   string   `json:"issuer,omitempty"`
	Subject  string   `json:"subject,omitempty"`
	Password string   `json:"password,omitempty"` // argon2id, encoded
	TOTP     string   `json:"totp,omitempty"`     // secret, base32
	Recovery [][]byte `json:"recovery,omitempty"` // HMACs of the codes that are left
	Tokens   []token  `json:"tokens,omitempty"`
}

// token is one of a program's tokens.
type token struct {
	Hash  []byte `json:"hash"` // SHA-256 of its secret
	Since int64  `json:"since"`
	Until int64  `json:"until,omitempty"` // Unix ms; 0: for good
}

func (t *token) good(now time.Time) bool { return t.Until == 0 || now.UnixMilli() < t.Until }

// state is an account with its words, where they are here.
type state struct {
	row      row
	readable bool
	secret
}

const columns = `SELECT id, login, role, unit, desk, off, digest, since FROM account`

// rows reads accounts, each as the later of what is applied and of what this
// server recorded says.
func (a *Accounts) rows(ctx context.Context, where string, args ...any) (all []row, err error) {
	r, err := a.o.DB.QueryContext(ctx, columns+where, args...)
	if err != nil {
		return nil, fmt.Errorf("account: read: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for r.Next() {
		var x row
		var id, digest []byte
		if err := r.Scan(&id, &x.login, &x.role, &x.unit, &x.desk, &x.off, &digest, &x.since); err != nil {
			return nil, fmt.Errorf("account: read: %w", err)
		}
		x.id, x.digest = [16]byte(id), [32]byte(digest)
		all = append(all, x)
	}
	return all, r.Err()
}

// pending forgets what was applied meanwhile, and gives the others.
func (a *Accounts) pending(applied []row) map[[16]byte]recorded {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range applied {
		x := &applied[i]
		if r, ok := a.recent[x.id]; ok && (x.digest == r.row.digest || x.since > r.row.since) {
			delete(a.recent, x.id)
		}
	}
	out := make(map[[16]byte]recorded, len(a.recent))
	for id, r := range a.recent {
		out[id] = r
	}
	return out
}

func (a *Accounts) byID(ctx context.Context, id [16]byte) (s state, ok bool, err error) {
	rows, err := a.rows(ctx, " WHERE id = ?", id[:])
	if err != nil {
		return s, false, err
	}
	if r, ok := a.pending(rows)[id]; ok {
		return state{row: r.row, readable: true, secret: r.secret}, true, nil
	}
	if len(rows) == 0 {
		return s, false, nil
	}
	s, err = a.open(ctx, rows[0])
	return s, err == nil, err
}

// byLogin finds the account that a sign-in name lets in: of two that were made
// on two servers at once, the one with the smaller id.
func (a *Accounts) byLogin(ctx context.Context, login string) (s state, ok bool, err error) {
	login, err = NormalLogin(login)
	if err != nil {
		return s, false, nil // nobody can be called so
	}
	sum := a.o.Keys.Login(login)
	rows, err := a.rows(ctx, " WHERE login = ?", sum[:])
	if err != nil {
		return s, false, err
	}
	recent := a.pending(rows)
	rows = slices.DeleteFunc(rows, func(x row) bool { _, newer := recent[x.id]; return newer })
	for _, r := range recent {
		if bytes.Equal(r.row.login, sum[:]) {
			rows = append(rows, r.row)
		}
	}
	rows = slices.DeleteFunc(rows, func(x row) bool { return x.off })
	if len(rows) == 0 {
		return s, false, nil
	}
	first := slices.MinFunc(rows, func(x, y row) int { return bytes.Compare(x.id[:], y.id[:]) })
	s, err = a.open(ctx, first)
	return s, err == nil, err
}

// all gives every account, in the order of their ids.
func (a *Accounts) all(ctx context.Context) ([]state, error) {
	rows, err := a.rows(ctx, "")
	if err != nil {
		return nil, err
	}
	recent := a.pending(rows)
	rows = slices.DeleteFunc(rows, func(x row) bool { _, newer := recent[x.id]; return newer })
	for _, r := range recent {
		rows = append(rows, r.row)
	}
	slices.SortFunc(rows, func(x, y row) int { return bytes.Compare(x.id[:], y.id[:]) })
	out, named := make([]state, len(rows)), map[[32]byte]bool{}
	for i, x := range rows {
		if out[i], err = a.open(ctx, x); err != nil {
			return nil, err
		}
		named[x.digest] = true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for digest := range a.secrets { // what no account says any more
		if !named[digest] {
			delete(a.secrets, digest)
		}
	}
	return out, nil
}

// open reads an account's words; they may not have come here yet, or not be
// ours.
func (a *Accounts) open(ctx context.Context, x row) (state, error) {
	a.mu.Lock()
	known, ok := a.secrets[x.digest]
	a.mu.Unlock()
	if ok {
		return state{row: x, readable: true, secret: known}, nil
	}
	sealed, ok, err := a.o.Words.Get(ctx, x.digest)
	if err != nil {
		return state{}, err
	}
	out := state{row: x}
	if !ok || sha256.Sum256(sealed) != x.digest {
		return out, nil
	}
	plain, ok := a.o.Keys.OpenWords(sealed)
	if !ok || json.Unmarshal(plain, &out.secret) != nil {
		return state{row: x}, nil
	}
	out.readable = true
	a.keep(x.digest, out.secret)
	return out, nil
}

func (a *Accounts) keep(digest [32]byte, s secret) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.secrets[digest] = s
}
