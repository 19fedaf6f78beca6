package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/survey"
)

// MaxLife is for how long a code can be good at most.
const MaxLife = 24 * time.Hour

// Codes are one-time codes of 80 bits that any server takes: links to set a
// password, and what lets a device in. Only keyed hashes of them are kept. Who
// takes codes from strangers asks Limits first.
type Codes struct {
	bucket bucket
	keys   Keys
	now    func() time.Time
}

// code is what is kept of one.
type code struct {
	Payload []byte    `json:"payload,omitempty"`
	Until   time.Time `json:"until"`
}

func newCodes(o Options) *Codes {
	return &Codes{bucket: bucket{bus: o.Bus, name: "hailong_codes", ttl: MaxLife}, keys: o.Keys, now: o.Now}
}

// Make gives a code for a purpose, as people type it: letters and digits in
// fours. It is good once, for ttl, and gives the payload to whoever takes it.
func (c *Codes) Make(ctx context.Context, purpose string, payload []byte, ttl time.Duration) (string, error) {
	text := newCode()
	value, err := json.Marshal(code{Payload: payload, Until: c.now().Add(min(ttl, MaxLife))})
	if err != nil {
		return "", err
	}
	err = c.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) error {
		_, err := kv.Create(ctx, c.key(purpose, text), value)
		return err
	})
	if err != nil {
		return "", err
	}
	return text, nil
}

// Peek gives what a code would, and leaves it: for a page that asks for more
// before the code is taken. ok is false for what is no code, or none any more.
func (c *Codes) Peek(ctx context.Context, purpose, typed string) (payload []byte, ok bool, err error) {
	payload, _, ok, err = c.get(ctx, purpose, typed)
	return payload, ok, err
}

// Take takes a code. Of all who take one at the same time, at whatever servers,
// one gets it. ok is false for what is no code, or none any more.
func (c *Codes) Take(ctx context.Context, purpose, typed string) (payload []byte, ok bool, err error) {
	payload, revision, ok, err := c.get(ctx, purpose, typed)
	if err != nil || !ok {
		return nil, false, err
	}
	text, _ := normalCode(typed)
	err = c.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) error {
		return kv.Purge(ctx, c.key(purpose, text), jetstream.LastRevision(revision))
	})
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return nil, false, nil // another was quicker
	}
	if err != nil {
		return nil, false, err
	}
	return payload, true, nil
}

func (c *Codes) get(ctx context.Context, purpose, typed string) (payload []byte, revision uint64, ok bool, err error) {
	text, ok := normalCode(typed)
	if !ok {
		return nil, 0, false, nil
	}
	var e jetstream.KeyValueEntry
	err = c.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) (err error) {
		e, err = kv.Get(ctx, c.key(purpose, text))
		return err
	})
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, false, nil
	}
	if err != nil {
		return nil, 0, false, err
	}
	var x code
	if err := json.Unmarshal(e.Value(), &x); err != nil {
		return nil, 0, false, survey.Wrap(survey.CodeInternal, err)
	}
	if !c.now().Before(x.Until) {
		return nil, 0, false, nil
	}
	return x.Payload, e.Revision(), true, nil
}

// key is where a code of a purpose is kept.
func (c *Codes) key(purpose, text string) string {
	return keyed(c.keys, "hailong/codes", purpose, text)
}

// keyed is the name in a bucket of something that is not to be read there.
func keyed(keys Keys, label string, parts ...string) string {
	key := keys.Derive(label)
	m := hmac.New(sha256.New, key[:])
	for _, p := range parts {
		m.Write([]byte(p))
		m.Write([]byte{0})
	}
	return hex.EncodeToString(m.Sum(nil))
}
