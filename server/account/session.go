package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/server/access"
)

// How long a session lasts: without a request, and at all.
const (
	Idle     = 30 * time.Minute
	Absolute = 12 * time.Hour
)

// briefly bounds how long a request waits for the bucket where it can do
// without.
const briefly = time.Second

// touchEvery is how often a session's last request is told to all servers.
const touchEvery = time.Minute

// Session is somebody's stay. What all servers share of it is kept under the
// hash of its cookie, so that who reads the bucket can't take it over.
type Session struct {
	Key     string    `json:"-"` // SHA-256 of the cookie's bytes, hexadecimal
	Account [16]byte  `json:"account"`
	Created time.Time `json:"created"` // of the first of those that it was rotated from
	Last    time.Time `json:"last"`    // request
	TOTP    bool      `json:"totp"`    // a second factor was given

	revision uint64 // in the bucket
}

// lasts says whether the session is good at a time.
func (s *Session) lasts(now time.Time) bool {
	return now.Sub(s.Last) < Idle && now.Sub(s.Created) < Absolute
}

// Sessions are shared by all servers, in a bucket that each mirrors in memory:
// to look one up costs no round trip, and one that is ended is gone everywhere
// at once. Without the connection the mirror answers for those that it knows.
type Sessions struct {
	bucket bucket
	now    func() time.Time
	log    *slog.Logger

	mu    sync.Mutex
	known map[string]Session
	gone  map[string]time.Time   // ended here, when
	ended map[[16]byte]time.Time // accounts of which all sessions were ended here, when
	watch []func(account [16]byte)
}

func newSessions(o Options) *Sessions {
	return &Sessions{
		bucket: bucket{bus: o.Bus, name: "hailong_sessions", ttl: Idle + touchEvery}, now: o.Now, log: o.Log,
		known: map[string]Session{}, gone: map[string]time.Time{}, ended: map[[16]byte]time.Time{},
	}
}

// Start begins a session of a person, and gives what its cookie holds.
func (s *Sessions) Start(ctx context.Context, p access.Person) (cookie string, err error) {
	return s.start(ctx, Session{Account: p.Account, TOTP: p.TOTP, Created: s.now()})
}

func (s *Sessions) start(ctx context.Context, x Session) (cookie string, err error) {
	var random [32]byte
	rand.Read(random[:]) // never fails
	x.Key, x.Last = keyOf(random[:]), s.now()
	value, err := json.Marshal(&x)
	if err != nil {
		return "", err
	}
	err = s.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) (err error) {
		x.revision, err = kv.Create(ctx, x.Key, value)
		return err
	})
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[x.Key] = x
	return base64.RawURLEncoding.EncodeToString(random[:]), nil
}

// Rotate gives a session another cookie, as after a second factor; the one
// before is good no more. ok is false where there is no such session.
func (s *Sessions) Rotate(ctx context.Context, cookie string, totp bool) (next string, ok bool, err error) {
	x, ok, err := s.Get(ctx, cookie)
	if err != nil || !ok {
		return "", false, err
	}
	if next, err = s.start(ctx, Session{Account: x.Account, Created: x.Created, TOTP: totp}); err != nil {
		return "", false, err
	}
	return next, true, s.End(ctx, cookie)
}

// Get gives the session of a cookie; false: none that lasts.
func (s *Sessions) Get(ctx context.Context, cookie string) (Session, bool, error) {
	key, ok := parseCookie(cookie)
	if !ok {
		return Session{}, false, nil
	}
	x, ok, sure := s.look(key)
	if !ok && !sure {
		var err error
		if x, ok, err = s.ask(ctx, key); err != nil {
			return Session{}, false, err
		}
	}
	now := s.now()
	if !ok || !x.lasts(now) {
		return Session{}, false, nil
	}
	if now.Sub(x.Last) >= touchEvery {
		s.touch(x, now)
	}
	return x, true, nil
}

// look finds a session in memory; sure says that there is none anywhere.
func (s *Sessions) look(key string) (x Session, ok, sure bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, gone := s.gone[key]; gone {
		return x, false, true
	}
	x, ok = s.known[key]
	return x, ok, false
}

// ask finds a session in the bucket: another server may have made it just now.
func (s *Sessions) ask(ctx context.Context, key string) (x Session, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, briefly)
	defer cancel()
	err = s.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) error {
		e, err := kv.Get(ctx, key)
		if err == nil {
			if x, ok = s.take(e); !ok { // ended here while the bucket was away
				err = kv.Purge(ctx, key)
			}
		}
		return err
	})
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		err = nil
	}
	return x, ok, err
}

// take puts an entry of the bucket into memory; false: it holds no session that
// is good here.
func (s *Sessions) take(e jetstream.KeyValueEntry) (x Session, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, had := s.known[e.Key()]
	if had && old.revision > e.Revision() {
		return old, true
	}
	if e.Operation() != jetstream.KeyValuePut || json.Unmarshal(e.Value(), &x) != nil {
		delete(s.known, e.Key())
		if had {
			s.tell(old.Account)
		}
		return x, false
	}
	x.Key, x.revision = e.Key(), e.Revision()
	if _, gone := s.gone[x.Key]; gone || x.Created.Before(s.ended[x.Account]) {
		delete(s.known, x.Key)
		return x, false
	}
	if had && old.Last.After(x.Last) {
		x.Last = old.Last
	}
	s.known[x.Key] = x
	return x, true
}

// touch tells when the last request was, behind the request's back. Where the
// session was ended or touched elsewhere meanwhile, that stays so.
func (s *Sessions) touch(x Session, now time.Time) {
	x.Last = now
	s.mu.Lock()
	_, ok := s.known[x.Key]
	if ok {
		s.known[x.Key] = x
	}
	s.mu.Unlock()
	if !ok {
		return
	}
	go func() {
		if err := s.update(context.Background(), x); err != nil && !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
			s.log.Debug("touch a session", "error", err)
		}
	}()
}

// update writes a session that is still as it was read.
func (s *Sessions) update(ctx context.Context, x Session) error {
	value, err := json.Marshal(&x)
	if err != nil {
		return err
	}
	return s.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) error {
		_, err := kv.Update(ctx, x.Key, value, x.revision)
		return err
	})
}

// End ends a session, here at once and everywhere else as soon as the others are
// reached. To end what is no session does nothing.
func (s *Sessions) End(ctx context.Context, cookie string) error {
	if key, ok := parseCookie(cookie); ok {
		s.end(ctx, key)
	}
	return nil
}

// EndAllOf ends all sessions of an account, as End does.
func (s *Sessions) EndAllOf(ctx context.Context, account [16]byte) error {
	s.mu.Lock()
	s.ended[account] = s.now()
	var keys []string
	for key, x := range s.known {
		if x.Account == account {
			keys = append(keys, key)
		}
	}
	s.mu.Unlock()
	s.end(ctx, keys...)
	return nil
}

func (s *Sessions) end(ctx context.Context, keys ...string) {
	s.mu.Lock()
	for _, key := range keys {
		if x, ok := s.known[key]; ok {
			delete(s.known, key)
			s.tell(x.Account)
		}
		s.gone[key] = s.now()
	}
	s.mu.Unlock()
	for _, key := range keys {
		if err := s.erase(ctx, key); err != nil {
			s.log.Warn("sessions were ended here, and elsewhere will be when the connection is back", "error", err)
			return // mirror erases what it meets of them
		}
	}
}

// erase takes a session out of the bucket.
func (s *Sessions) erase(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, briefly)
	defer cancel()
	return s.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) error { return kv.Purge(ctx, key) })
}

// CSRF is what forms of a session must carry: it follows from the cookie, and
// the cookie not from it.
func CSRF(cookie string) string {
	m := hmac.New(sha256.New, []byte(cookie))
	m.Write([]byte("hailong/csrf"))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:18])
}

func parseCookie(cookie string) (key string, ok bool) {
	random, err := base64.RawURLEncoding.Strict().DecodeString(cookie)
	if err != nil || len(random) != 32 {
		return "", false
	}
	return keyOf(random), true
}

func keyOf(random []byte) string {
	sum := sha256.Sum256(random)
	return hex.EncodeToString(sum[:])
}
