package main

import (
	"cmp"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	aMessage   = 100 // ratings
	aFetch     = 20  // messages, and one transaction
	aStatement = 50  // rows
)

func pipelineProgram(flags *flag.FlagSet) func() error {
	dir := flags.String("dir", "", "empty folder")
	n := flags.Int("n", 1_000_000, "ratings")
	return func() error {
		return inPipeline(*dir, func(p *pipeline) error {
			start := time.Now()
			published := make(chan error, 1)
			go func() { published <- p.publish(0, *n, aMessage) }()
			applied := 0
			for applied < *n {
				k, err := p.apply(min(aFetch, (*n-applied+aMessage-1)/aMessage))
				if err != nil {
					return err
				}
				applied += k
			}
			took := time.Since(start)
			if err := <-published; err != nil {
				return err
			}
			var rows, counted int
			if err := p.conn.QueryRowContext(always, `SELECT (SELECT count(*) FROM rating), (SELECT sum(n) FROM rollup)`).Scan(&rows, &counted); err != nil {
				return err
			}
			if rows != *n || counted != *n {
				return fmt.Errorf("of %d ratings %d are there and %d are counted", *n, rows, counted)
			}
			return figures{PerSecond: float64(*n) / took.Seconds(), Took: int64(took), Rows: rows}.print()
		})
	}
}

func tapProgram(flags *flag.FlagSet) func() error {
	dir := flags.String("dir", "", "empty folder")
	n := flags.Int("n", 200, "taps")
	pause := flags.Duration("pause", 50*time.Millisecond, "before each")
	return func() error {
		return inPipeline(*dir, func(p *pipeline) error {
			took := make([]time.Duration, 0, *n)
			for i := range *n {
				time.Sleep(*pause)
				start := time.Now()
				if err := p.publish(i, i+1, 1); err != nil {
					return err
				}
				if _, err := p.apply(1); err != nil {
					return err
				}
				took = append(took, time.Since(start))
			}
			f := figures{Rows: *n}
			f.P50, f.P99 = spread(took)
			return f.print()
		})
	}
}

// pipeline is an embedded JetStream that syncs each message, and one SQLite
// file: rows, rollups and the position in the stream.
type pipeline struct {
	js       jetstream.JetStream
	consumer jetstream.Consumer
	conn     *sql.Conn
	one, all *sql.Stmt
	sum, at  *sql.Stmt
	sequence uint64 // of the last message applied
	ratings  []rating
	values   []any
	sums     map[[3]int]int // unit, day, score
}

// inPipeline opens one, runs fn and closes it.
func inPipeline(dir string, fn func(*pipeline) error) (err error) {
	if dir == "" {
		return errNoFile
	}
	broker, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, MaxPayload: 8 << 20,
		JetStream: true, StoreDir: filepath.Join(dir, "stream"), SyncAlways: true,
	})
	if err != nil {
		return err
	}
	broker.Start()
	defer func() {
		broker.Shutdown()
		broker.WaitForShutdown()
	}()
	if !broker.ReadyForConnections(20 * time.Second) {
		return errors.New("the message server does not start")
	}
	nc, err := nats.Connect("", nats.InProcessServer(broker))
	if err != nil {
		return err
	}
	defer nc.Close()
	p := &pipeline{sums: map[[3]int]int{}}
	var end func() error
	if p.conn, end, err = openDB(filepath.Join(dir, "ratings.db")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	if err := p.prepare(nc); err != nil {
		return err
	}
	return fn(p)
}

func (p *pipeline) prepare(nc *nats.Conn) (err error) {
	for _, q := range []string{
		`CREATE TABLE rollup(unit INTEGER, day INTEGER, score INTEGER, n INTEGER NOT NULL, PRIMARY KEY(unit, day, score)) WITHOUT ROWID`,
		`CREATE TABLE position(sequence INTEGER NOT NULL)`, `INSERT INTO position VALUES (0)`,
	} {
		if _, err := p.conn.ExecContext(always, q); err != nil {
			return err
		}
	}
	for query, to := range map[string]**sql.Stmt{
		insertInto + oneRow + unlessThere:                                                  &p.one,
		insertInto + strings.Repeat(oneRow+",", aStatement-1) + oneRow + unlessThere:       &p.all,
		`INSERT INTO rollup VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n`: &p.sum,
		`UPDATE position SET sequence = ?`:                                                 &p.at,
	} {
		if *to, err = p.conn.PrepareContext(always, query); err != nil {
			return err
		}
	}
	if p.js, err = jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(1000)); err != nil {
		return err
	}
	stream, err := p.js.CreateStream(always, jetstream.StreamConfig{Name: "RATINGS", Subjects: []string{"ratings.>"}, Storage: jetstream.FileStorage})
	if err != nil {
		return err
	}
	if err := p.conn.QueryRowContext(always, `SELECT sequence FROM position`).Scan(&p.sequence); err != nil {
		return err
	}
	p.consumer, err = stream.CreateConsumer(always, jetstream.ConsumerConfig{
		AckPolicy: jetstream.AckNonePolicy, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: p.sequence + 1,
		InactiveThreshold: time.Minute,
	})
	return err
}

// publish sends ratings, size in a message, and returns when all are acked.
func (p *pipeline) publish(from, to, size int) error {
	ratings := make([]rating, 0, size)
	for i := from; i < to; i += len(ratings) {
		ratings = ratings[:0]
		for k := i; k < min(i+size, to); k++ {
			ratings = append(ratings, makeRating(k))
		}
		data, err := cbor.Marshal(ratings)
		if err != nil {
			return err
		}
		if _, err := p.js.PublishAsync("ratings.kiosk", data, jetstream.WithStallWait(time.Minute)); err != nil {
			return err
		}
	}
	<-p.js.PublishAsyncComplete()
	return nil
}

// apply takes the next so many messages in one transaction, and says how many
// ratings that were. It asks for no more than will come and waits long: without
// acks, what arrives after a fetch gave up is never given again.
func (p *pipeline) apply(messages int) (int, error) {
	fetched, err := p.consumer.Fetch(messages, jetstream.FetchMaxWait(time.Minute))
	if err != nil {
		return 0, err
	}
	p.ratings = p.ratings[:0]
	sequence := p.sequence
	for m := range fetched.Messages() {
		meta, err := m.Metadata()
		if err != nil {
			return 0, err
		}
		var some []rating
		if err := cbor.Unmarshal(m.Data(), &some); err != nil {
			return 0, err
		}
		p.ratings = append(p.ratings, some...)
		if sequence++; meta.Sequence.Stream != sequence {
			return 0, fmt.Errorf("message %d came, not %d", meta.Sequence.Stream, sequence)
		}
	}
	if err := fetched.Error(); err != nil || sequence != p.sequence+uint64(messages) {
		return 0, cmp.Or(err, fmt.Errorf("no more messages after %d", sequence))
	}
	if _, err := p.conn.ExecContext(always, `BEGIN IMMEDIATE`); err != nil {
		return 0, err
	}
	if err := p.write(sequence); err != nil {
		_, rerr := p.conn.ExecContext(always, `ROLLBACK`)
		return 0, errors.Join(err, rerr)
	}
	if _, err = p.conn.ExecContext(always, `COMMIT`); err != nil {
		return 0, err
	}
	p.sequence = sequence
	return len(p.ratings), nil
}

func (p *pipeline) write(sequence uint64) error {
	for rest := p.ratings; len(rest) > 0; {
		st, n := p.one, 1
		if len(rest) >= aStatement {
			st, n = p.all, aStatement
		}
		p.values = p.values[:0]
		for i := range rest[:n] {
			p.values = rest[i].values(p.values)
			p.sums[[3]int{rest[i].Unit, int(rest[i].At / dayMS), rest[i].Score}]++
		}
		done, err := st.ExecContext(always, p.values...)
		if err != nil {
			return err
		}
		if k, err := done.RowsAffected(); err != nil || k != int64(n) {
			return cmp.Or(err, errors.New("a rating that was there already"))
		}
		rest = rest[n:]
	}
	for k, n := range p.sums {
		if _, err := p.sum.ExecContext(always, k[0], k[1], k[2], n); err != nil {
			return err
		}
	}
	clear(p.sums)
	_, err := p.at.ExecContext(always, int64(sequence))
	return err
}
