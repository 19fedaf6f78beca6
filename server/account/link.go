package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"hailong/internal/survey"
	"hailong/server/access"
)

// LinkLife is for how long a link to set a password is good.
const LinkLife = MaxLife

// LinkPath comes before a link's code in its address: what stands behind # is
// told to no server, and so stands in no log.
const LinkPath = "/signin/link#"

const linkPurpose = "link"

// link is what a one-time link is for.
type link struct {
	First   bool   `json:"first,omitempty"`   // to make the first administrator
	Account string `json:"account,omitempty"` // ID, hexadecimal
	State   string `json:"state,omitempty"`   // of its password when the link was made
}

// stateOf is what a link for an account ends with: another password.
func stateOf(s *state) string {
	sum := sha256.Sum256([]byte(s.Password))
	return hex.EncodeToString(sum[:16])
}

// NewLink gives the code of a link by which an account's owner sets a password,
// and ends its sessions. The password before is good until then.
func (g *Gate) NewLink(ctx context.Context, id [16]byte) (code string, err error) {
	s, ok, err := g.byID(ctx, id)
	switch {
	case err != nil:
		return "", err
	case !ok || s.row.off || s.row.role == access.Program:
		return "", survey.New(survey.CodeUnknownAccount)
	case !s.readable:
		return "", survey.New(survey.CodeAccountNotHere)
	}
	if code, err = g.makeLink(ctx, link{Account: hex.EncodeToString(id[:]), State: stateOf(&s)}); err != nil {
		return "", err
	}
	return code, g.Sessions.EndAllOf(ctx, id)
}

func (g *Gate) makeLink(ctx context.Context, l link) (string, error) {
	payload, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	return g.Codes.Make(ctx, linkPurpose, payload, LinkLife)
}

// Link says what the link of a code is for: the account, or, where first is set,
// to make the first administrator's. It stays good. One that is not is
// survey.CodeLinkSpent.
func (g *Gate) Link(ctx context.Context, code string) (_ Account, first bool, err error) {
	l, s, err := g.link(ctx, code)
	if err != nil || l.First {
		return Account{}, l.First, err
	}
	return g.account(&s), false, nil
}

func (g *Gate) link(ctx context.Context, code string) (l link, s state, err error) {
	spent := survey.New(survey.CodeLinkSpent)
	payload, ok, err := g.Codes.Peek(ctx, linkPurpose, code)
	if err != nil || !ok {
		return l, s, errors.Join(err, unless(ok || err != nil, spent))
	}
	if err := json.Unmarshal(payload, &l); err != nil {
		return l, s, err
	}
	if l.First {
		has, err := g.HasAdministrator(ctx)
		return l, s, errors.Join(err, unless(!has, spent))
	}
	id, err := hex.DecodeString(l.Account)
	if err != nil || len(id) != 16 {
		return l, s, spent
	}
	s, ok, err = g.byID(ctx, [16]byte(id))
	if err == nil && ok && !s.readable {
		err = survey.New(survey.CodeAccountNotHere)
	}
	if err == nil && (!ok || s.row.off || stateOf(&s) != l.State) {
		err = spent
	}
	return l, s, err
}

func unless(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}

// UseLink sets the password of a link's account, and ends its sessions. The link
// is spent then, and stays good where the password can't be taken.
func (g *Gate) UseLink(ctx context.Context, code, password string) (Account, error) {
	l, s, err := g.link(ctx, code)
	if err != nil {
		return Account{}, err
	}
	if l.First {
		return Account{}, survey.New(survey.CodeLinkSpent)
	}
	x := g.account(&s)
	if err := CheckNewPassword(password, ownWords(&x)...); err != nil {
		return Account{}, err
	}
	if err := g.takeLink(ctx, code); err != nil {
		return Account{}, err
	}
	if err := g.SetPassword(ctx, x.ID, password); err != nil {
		return Account{}, err
	}
	x.HasPassword = true
	return x, nil
}

// UseFirstLink makes the first administrator's account.
func (g *Gate) UseFirstLink(ctx context.Context, code, login, name, password string) (Account, error) {
	l, _, err := g.link(ctx, code)
	if err != nil {
		return Account{}, err
	}
	if !l.First {
		return Account{}, survey.New(survey.CodeLinkSpent)
	}
	p := Particulars{Role: access.Administrator, Login: login, Name: name}
	if err := g.check(ctx, &p); err != nil {
		return Account{}, err
	}
	hash, err := g.hash(ctx, password, &Account{Login: p.Login})
	if err != nil {
		return Account{}, err
	}
	if err := g.takeLink(ctx, code); err != nil {
		return Account{}, err
	}
	var id [16]byte
	rand.Read(id[:]) // never fails
	return g.decide(ctx, id, "account.create", func(_ *state, all []state) (*state, error) {
		if administrators(all, id) > 0 {
			return nil, survey.New(survey.CodeLinkSpent)
		}
		next := &state{row: row{id: id}}
		next.Password = hash
		return next, g.particulars(ctx, next, p, all)
	})
}

func (g *Gate) takeLink(ctx context.Context, code string) error {
	_, ok, err := g.Codes.Take(ctx, linkPurpose, code)
	return errors.Join(err, unless(ok || err != nil, survey.New(survey.CodeLinkSpent)))
}

// FirstLink makes a link for the first administrator for as long as there is
// none: it stands in the file, which its owner alone can read, and in the log.
// The file goes when there is an administrator; then FirstLink ends. ready says
// whether this server has read what the others know.
func (g *Gate) FirstLink(ctx context.Context, file, address string, ready func() bool) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for made := (time.Time{}); ; {
		has, err := g.HasAdministrator(ctx)
		switch {
		case err != nil:
			g.o.Log.Warn("look for an administrator", "error", err)
		case has:
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		case ready() && time.Since(made) > LinkLife-time.Hour:
			if err := g.offer(ctx, file, address); err != nil {
				g.o.Log.Warn("make the first administrator's link", "error", err)
				break
			}
			made = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (g *Gate) offer(ctx context.Context, file, address string) error {
	code, err := g.makeLink(ctx, link{First: true})
	if err != nil {
		return err
	}
	url := address + LinkPath + code
	f, err := os.CreateTemp(filepath.Dir(file), ".first-link-*") // for its owner alone
	if err != nil {
		return err
	}
	_, err = f.WriteString(url + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	g.o.Log.Log(ctx, slog.LevelWarn, "there is no administrator yet: open this link once to make the account", "link", url, "file", file, "hours", int(LinkLife.Hours()))
	return nil
}
