package bus

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"

	"hailong/internal/fact"
)

// KioskConfig is what a kiosk is told; it keeps the last one for starts
// without a connection.
type KioskConfig struct {
	_        struct{} `cbor:",toarray"`
	Kiosk    string   // code of the kiosk; empty: the key is not known
	Desk     string   // code of its desk
	DeskName string
	UnitName string
	Servers  []string // ids of the servers that must hold a fact
	Seal     []byte   // X25519 public key for dossier codes, 32 bytes
	Admitted bool     // an administrator has admitted its key

	// Since the first version, which had what stands above.

	Patterns []string // forms of dossier codes, for receipt.CompilePatterns; none: the usual ones
	DeskEN   string   // names in English, where there are any
	UnitEN   string

	Service       uint8    // survey.Service of its desk
	Questionnaire []byte   // version in force, for survey.ParseQuestionnaire; none: the overall question alone
	Languages     []string // offered, BCP 47; none: Vietnamese and English
	Hours         string   // of its desk, for survey.ParseHours; "": always open
	PublicURL     string   // what citizens' phones reach; "": not told
	Kept          []uint16 // for how many days comments, then contact data are kept; none: as usual
}

// oldConfig is how many fields the first version of KioskConfig had.
const oldConfig = 7

// UnmarshalCBOR also reads what an older program stored or sent, and leaves out
// what only a newer one knows: kiosks and servers are not upgraded on one day.
func (c *KioskConfig) UnmarshalCBOR(data []byte) error {
	var raw []cbor.RawMessage
	if err := fact.Unmarshal(data, &raw); err != nil {
		return err
	}
	if len(raw) < oldConfig {
		return fmt.Errorf("bus: a kiosk's configuration of %d fields", len(raw))
	}
	var read KioskConfig
	for i, to := range []any{
		&read.Kiosk, &read.Desk, &read.DeskName, &read.UnitName, &read.Servers, &read.Seal, &read.Admitted,
		&read.Patterns, &read.DeskEN, &read.UnitEN, &read.Service, &read.Questionnaire, &read.Languages, &read.Hours,
		&read.PublicURL, &read.Kept,
	} {
		if i == len(raw) {
			break
		}
		if err := fact.Unmarshal(raw[i], to); err != nil {
			return err
		}
	}
	*c = read
	return nil
}

type timeReply struct {
	_      struct{} `cbor:",toarray"`
	Server string
	Milli  int64
}

// PublishMark tells an origin with this public key how far a server holds its
// chain.
func (b *Bus) PublishMark(public []byte, m fact.Mark) error {
	data, err := fact.Marshal(&m)
	if err != nil {
		return fmt.Errorf("bus: mark: %w", err)
	}
	return b.send(markSubject+hexOf(public)+"."+m.Origin.String(), data)
}

func (b *Bus) readMark(m *nats.Msg) (mark fact.Mark, ok bool) {
	_, origin, ok := originOf(m.Subject, markSubject)
	if err := fact.Unmarshal(m.Data, &mark); err != nil || !ok || mark.Origin != origin || mark.Server == "" {
		b.log.Warn("bus: a mark that is none", "subject", m.Subject)
		return mark, false
	}
	return mark, true
}

// OnMarks calls fn for each mark of an own origin, one at a time, until stop. It
// stays subscribed over reconnections. fn must not block.
func (b *Bus) OnMarks(origin fact.OriginID, fn func(fact.Mark)) (stop func(), err error) {
	return b.told(b.own(markSubject, origin), func(m *nats.Msg) {
		if mark, ok := b.readMark(m); ok {
			fn(mark)
		}
	})
}

// own is a subject with the key of this bus.
func (b *Bus) own(prefix string, origin fact.OriginID) string {
	return prefix + b.key + "." + origin.String()
}

// Ask asks every server for its mark of the origin.
func (b *Bus) Ask(origin fact.OriginID) error { return b.send(b.own(askSubject, origin), nil) }

// OnAsk calls fn with each origin whose mark is asked for, and the public key of
// who asks: a server answers by PublishMark to the origin's own key, and with
// number 0 to the asker's where it holds nothing.
func (b *Bus) OnAsk(fn func(public []byte, origin fact.OriginID)) (stop func(), err error) {
	return b.subscribe(askSubject+"*.*", "", func(m *nats.Msg) {
		if public, o, ok := originOf(m.Subject, askSubject); ok {
			fn(public, o)
		}
	})
}

// Time asks any server for the time: its id, Unix milliseconds when it
// answered, and how long the question was under way, both ways together.
func (b *Bus) Time(ctx context.Context) (server string, milli int64, roundTrip time.Duration, err error) {
	start := time.Now()
	m, err := b.nc.RequestWithContext(ctx, timeSubject, nil)
	roundTrip = time.Since(start)
	if err != nil {
		return "", 0, 0, fmt.Errorf("bus: time: %w", requestError(ctx, err))
	}
	var r timeReply
	if err := fact.Unmarshal(m.Data, &r); err != nil {
		return "", 0, 0, fmt.Errorf("bus: time: %w", err)
	}
	return r.Server, r.Milli, roundTrip, nil
}

// ServeTime answers Time until stop.
func (b *Bus) ServeTime(server string, now func() time.Time) (stop func(), err error) {
	return b.subscribe(timeSubject, serverQueue, func(m *nats.Msg) {
		b.reply(m, &timeReply{Server: server, Milli: now().UnixMilli()})
	})
}

// ErrNoServer is returned where no server answers.
var ErrNoServer = errors.New("bus: no server answers")

// Config asks for the configuration of the kiosk with this Ed25519 public key.
func (b *Bus) Config(ctx context.Context, public []byte) (c KioskConfig, err error) {
	m, err := b.nc.RequestWithContext(ctx, configSubject+hexOf(public), nil)
	if err != nil {
		return c, fmt.Errorf("bus: configuration: %w", requestError(ctx, err))
	}
	if err := fact.Unmarshal(m.Data, &c); err != nil {
		return c, fmt.Errorf("bus: configuration: %w", err)
	}
	return c, nil
}

// ServeConfig answers Config until stop. Where fn fails nothing is answered,
// and another server may.
func (b *Bus) ServeConfig(fn func(public []byte) (KioskConfig, error)) (stop func(), err error) {
	return b.subscribe(configSubject+"*", "", func(m *nats.Msg) {
		public, err := hex.DecodeString(m.Subject[len(configSubject):])
		if err != nil || len(public) != 32 {
			return
		}
		c, err := fn(public)
		if err != nil {
			b.log.Warn("bus: configuration of a kiosk", "error", err)
			return
		}
		b.reply(m, &c)
	})
}

func (b *Bus) reply(m *nats.Msg, v any) {
	data, err := fact.Marshal(v)
	if err == nil {
		err = m.Respond(data)
	}
	if err != nil && !errors.Is(sendError(err), ErrDisconnected) {
		b.log.Warn("bus: answer", "subject", m.Subject, "error", err)
	}
}

// told subscribes to what servers tell by themselves. NATS does not look at the
// subject of a reply, so a device may have what it is answered sent there, and of
// that it can choose what has headers alone: its own messages of the stream.
func (b *Bus) told(subject string, fn nats.MsgHandler) (func(), error) {
	return b.subscribe(subject, "", func(m *nats.Msg) {
		if len(m.Header) > 0 {
			b.log.Warn("bus: told by a device", "subject", subject)
			return
		}
		fn(m)
	})
}

func (b *Bus) subscribe(subject, queue string, fn nats.MsgHandler) (func(), error) {
	s, err := b.nc.QueueSubscribe(subject, queue, fn)
	if err != nil {
		return nil, fmt.Errorf("bus: subscribe %s: %w", subject, err)
	}
	return func() {
		if err := s.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) && !errors.Is(err, nats.ErrBadSubscription) {
			b.log.Warn("bus: unsubscribe", "subject", subject, "error", err)
		}
	}, nil
}

func requestError(ctx context.Context, err error) error {
	if errors.Is(err, nats.ErrNoResponders) {
		return ErrNoServer
	}
	if e := sendError(err); errors.Is(e, ErrDisconnected) {
		return e
	}
	return linkError(ctx, err)
}

func parseHash(s string) (h fact.Hash, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("bus: %q is not a hash", s)
	}
	copy(h[:], b)
	return h, nil
}
