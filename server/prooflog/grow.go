package prooflog

import (
	"context"
	"encoding/binary"
	"fmt"

	"hailong/internal/sqlite"
	"hailong/server/projection"
)

// arrived names an arrival in the log's file.
func arrived(a *projection.Arrival) []byte {
	b := append(make([]byte, 0, 32), a.Origin[:]...)
	b = binary.BigEndian.AppendUint64(b, a.First)
	return binary.BigEndian.AppendUint64(b, a.Last)
}

// At most so many arrivals, and of facts not many more than this, become leaves
// in one transaction.
const (
	arrivalsAtOnce = 512
	leavesAtOnce   = 50_000
)

// grow makes leaves of all that arrived since.
func (l *Log) grow(ctx context.Context) error {
	for {
		all, err := l.o.Projection.Arrivals(ctx, l.now().seq, arrivalsAtOnce)
		if err != nil || len(all) == 0 {
			return err
		}
		for len(all) > 0 {
			n, facts := 0, uint64(0)
			for ; n < len(all) && facts < leavesAtOnce; n++ {
				facts += all[n].Last - all[n].First + 1
			}
			if err := l.take(ctx, all[:n]); err != nil {
				return err
			}
			all = all[n:]
		}
	}
}

// take makes leaves of the facts of some arrivals, in one transaction.
func (l *Log) take(ctx context.Context, arrivals []projection.Arrival) error {
	s := l.now()
	err := l.db.Write(ctx, func(tx *sqlite.Tx) error {
		put, err := tx.Conn.PrepareContext(ctx, `INSERT INTO tile(id, hashes) VALUES (?, ?) ON CONFLICT(id) DO UPDATE SET hashes = excluded.hashes`)
		if err != nil {
			return err
		}
		defer put.Close()
		g, err := newGrower(ctx, tx.Conn, s.size, func(id int64, hashes []byte) error {
			_, err := put.ExecContext(ctx, id, hashes)
			return err
		})
		if err != nil {
			return err
		}
		for i := range arrivals {
			a := &arrivals[i]
			s.seq, s.arrived = a.Seq, arrived(a)
			if err := l.takeRun(ctx, tx, g, a); err != nil {
				return err
			}
		}
		if err := g.flush(); err != nil {
			return err
		}
		s.size = g.size
		return s.store(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("prooflog: take up facts: %w", err)
	}
	l.mu.Lock()
	l.state = s
	l.mu.Unlock()
	return nil
}

// takeRun makes leaves of one arrival. A fact that is not on the chain any more
// lost a fork meanwhile, and has no leaf; the one that won has come since.
func (l *Log) takeRun(ctx context.Context, tx *sqlite.Tx, g *grower, a *projection.Arrival) error {
	hashes, err := l.o.Projection.FactHashes(ctx, a.Origin, a.First, a.Last)
	if err != nil || len(hashes) == 0 {
		return err
	}
	_, err = tx.Conn.ExecContext(ctx, `INSERT INTO run(start, origin, first, last) VALUES (?,?,?,?)`,
		int64(g.size), a.Origin[:], int64(a.First), int64(a.First)+int64(len(hashes))-1)
	for _, h := range hashes {
		if err == nil {
			err = g.add(LeafHash(h))
		}
	}
	return err
}
