package account

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/survey"
)

// patience bounds how long a request waits for what all servers share.
const patience = 5 * time.Second

// bucket is one of the buckets that all servers share.
type bucket struct {
	bus  Bus
	name string
	ttl  time.Duration

	mu sync.Mutex
	kv jetstream.KeyValue
}

// do runs fn with the bucket, a second time where its store was lost. What the
// bucket can't do now is survey.CodeUnavailable; errors of fn that are about keys
// go through.
func (b *bucket) do(ctx context.Context, fn func(ctx context.Context, kv jetstream.KeyValue) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for again := true; ; again = false {
		kv, err := b.get(ctx)
		if err == nil {
			err = fn(ctx, kv)
		}
		var known *survey.Error
		switch {
		case err == nil, errors.As(err, &known), errors.Is(err, jetstream.ErrKeyNotFound),
			errors.Is(err, jetstream.ErrKeyExists), errors.Is(err, jetstream.ErrKeyRevisionMismatch):
			return err
		}
		b.forget(kv)
		if !again || ctx.Err() != nil {
			return survey.Wrap(survey.CodeUnavailable, fmt.Errorf("bucket %s: %w", b.name, err))
		}
	}
}

func (b *bucket) get(ctx context.Context) (jetstream.KeyValue, error) {
	b.mu.Lock()
	kv := b.kv
	b.mu.Unlock()
	if kv != nil {
		return kv, nil
	}
	kv, err := b.bus.KV(ctx, b.name, b.ttl)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kv = kv
	return kv, nil
}

func (b *bucket) forget(kv jetstream.KeyValue) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kv == kv {
		b.kv = nil
	}
}

// fresh gives the bucket as it is on a new connection.
func (b *bucket) fresh(ctx context.Context) (jetstream.KeyValue, error) {
	b.mu.Lock()
	b.kv = nil
	b.mu.Unlock()
	return b.get(ctx)
}
