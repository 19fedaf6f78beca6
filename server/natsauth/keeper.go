package natsauth

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"hailong/internal/bus"
)

// Broker is what the keeper needs of NATS (*bus.Bus has it, connected by Admin).
type Broker interface {
	// Connected waits for the broker, and returns a context that ends with the
	// connection to it.
	Connected(ctx context.Context) (context.Context, context.CancelFunc, error)
	// UpdateAccount gives it an account's JWT.
	UpdateAccount(ctx context.Context, token string) error
}

// KeeperOptions are all needed.
type KeeperOptions struct {
	Realm  *Realm
	Broker Broker
	// Revoked gives the public keys of the devices that are let in no more.
	Revoked func(ctx context.Context) ([][]byte, error)
	// Ready says whether this server has read all that it could: one that was put
	// back would let in again whom others have shut out.
	Ready func() bool
	Log   *slog.Logger
}

// Keeper keeps a broker's accounts level with what is revoked.
type Keeper struct {
	o    KeeperOptions
	more chan struct{}
}

// NewKeeper makes a keeper; nothing happens before Run.
func NewKeeper(o KeeperOptions) *Keeper { return &Keeper{o: o, more: make(chan struct{}, 1)} }

// Changed says that what is revoked may have changed. It does not block.
func (k *Keeper) Changed() {
	select {
	case k.more <- struct{}{}:
	default:
	}
}

// Run tells the broker at each connection, and after each change, until ctx
// ends, over all faults.
func (k *Keeper) Run(ctx context.Context) error {
	for !k.o.Ready() {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	for {
		link, done, err := k.o.Broker.Connected(ctx)
		if err != nil {
			return err
		}
		k.keep(link)
		done()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// keep tells over one connection.
func (k *Keeper) keep(link context.Context) {
	var told [][]byte
	for first, wait := true, time.Duration(0); ; {
		revoked, err := k.o.Revoked(link)
		if err == nil && (first || !slices.EqualFunc(told, revoked, slices.Equal)) {
			if err = k.tell(link, revoked); err == nil {
				told, first = revoked, false
			}
		}
		if err == nil {
			wait = 0
			select {
			case <-link.Done():
				return
			case <-k.more:
			}
			continue
		}
		if link.Err() != nil {
			return
		}
		k.o.Log.Error("NATS was not told which devices are shut out; trying again", "error", err)
		wait = min(max(2*wait, 100*time.Millisecond), 10*time.Second)
		if pause(link, wait) != nil {
			return
		}
	}
}

func (k *Keeper) tell(ctx context.Context, revoked [][]byte) error {
	a, err := k.o.Realm.Accounts(revoked)
	if err != nil {
		return err
	}
	// The servers' first: the devices' names what that one gives.
	for _, token := range []string{a.Servers.JWT, a.Devices.JWT} {
		err := k.o.Broker.UpdateAccount(ctx, token)
		if errors.Is(err, bus.ErrNoServer) {
			return nil // it is inside another server, which does so itself
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
