package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// KV gives a bucket of short-lived values that all servers share, such as
// sessions: it is made where it is missing, with as many replicas as the streams
// have, and each value goes ttl after it was written last (0: never). It waits
// for the connection. A bucket whose store was lost fails: ask for it again.
func (b *Bus) KV(ctx context.Context, bucket string, ttl time.Duration) (jetstream.KeyValue, error) {
	link, release, err := b.Connected(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	kv, err := b.kv(link, jetstream.KeyValueConfig{Bucket: bucket, TTL: ttl, Storage: jetstream.FileStorage, Replicas: max(b.o.Replicas, 1)})
	if err != nil {
		return nil, fmt.Errorf("bus: bucket %s: %w", bucket, linkError(link, err))
	}
	b.buckets.Store(bucket, true)
	return kv, nil
}

func (b *Bus) kv(ctx context.Context, cfg jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
	kv, err := b.js.KeyValue(ctx, cfg.Bucket)
	if _, seen := b.buckets.Load(cfg.Bucket); errors.Is(err, jetstream.ErrBucketNotFound) && seen {
		// As with streams: see ensure.
		if pause(ctx, deletionPause) != nil {
			return nil, context.Cause(ctx)
		}
		kv, err = b.js.KeyValue(ctx, cfg.Bucket)
	}
	if err == nil {
		status, err := kv.Status(ctx)
		if err != nil {
			return nil, err
		}
		if c := status.Config(); c.Replicas == cfg.Replicas && c.TTL == cfg.TTL {
			return kv, nil
		}
	} else if !errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, err
	}
	return b.js.CreateOrUpdateKeyValue(ctx, cfg)
}
