package index

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// MostListed bounds each list of Status; the totals are always whole.
const MostListed = 200

// Origin is one chain of facts as this server holds it.
type Origin struct {
	ID      string // hexadecimal
	Role    uint8  // fact.RoleKiosk, fact.RoleServer; 0: not known yet
	Name    string
	Head    uint64    // held without gaps up to here: the watermark
	Applied uint64    // in effect up to here
	Seen    time.Time // when this server last heard of it; zero: never
	Revoked bool      // its key was
}

// Waits says whether facts of the origin are held that are not in effect: it
// waits for its admission.
func (o Origin) Waits() bool { return o.Applied < o.Head && !o.Revoked }

// Beyond counts the facts of the origin that are kept and lie beyond what its
// key's revocation lets hold.
func (o Origin) Beyond() uint64 {
	if !o.Revoked {
		return 0
	}
	return o.Head - o.Applied
}

// Aside are facts, validly signed, beside a chain that counts.
type Aside struct {
	Origin, Name string
	From, To     uint64 // of a gap: the numbers that are missing; of a fork: the number at which branches differ, twice
	Facts        int64  // facts that stand aside
}

// Quarantined is a fact on a chain that does not count.
type Quarantined struct {
	Origin, Name string
	Number       uint64
	Reason       string
}

// Status is what operators need to see.
type Status struct {
	Sample      bool
	Origins     []Origin // those that were heard of last, first
	Forks       []Aside
	Gaps        []Aside
	Quarantine  []Quarantined
	Quarantined int64 // all of them
	Waiting     int64 // ballots with ratings whose receipt, slip or dossier is not registered here
	Undated     int64 // ratings that no clock fact dates yet
	Held        int64 // ballots that no rate shows yet
	Stream      time.Time
	Sequence    uint64 // position in the stream that was applied
}

// Status reads what the projection knows of origins and of what it set aside.
func (x *Index) Status(ctx context.Context) (Status, error) {
	var s Status
	err := x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		s.Sample = org.sample
		if err := s.readOrigins(ctx, tx); err != nil {
			return err
		}
		if err := s.readAside(ctx, tx); err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM quarantine),
  (SELECT count(*) FROM ballot WHERE kind = 0 AND ratings > 0), (SELECT count(*) FROM undated),
  (SELECT count(*) FROM held)`).Scan(&s.Quarantined, &s.Waiting, &s.Undated, &s.Held)
		if err != nil {
			return fmt.Errorf("totals: %w", err)
		}
		var created int64
		err = tx.QueryRowContext(ctx, `SELECT stream, sequence FROM cursor`).Scan(&created, &s.Sequence)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		s.Stream = time.Unix(0, created)
		return err
	})
	return s, err
}

func (s *Status) readOrigins(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, func(scan scanner) error {
		var o Origin
		var id []byte
		var seen int64
		if err := scan(&id, &o.Role, &o.Name, &o.Head, &o.Applied, &seen, &o.Revoked); err != nil {
			return err
		}
		o.ID = hex.EncodeToString(id)
		if seen > 0 {
			o.Seen = time.UnixMilli(seen)
		}
		s.Origins = append(s.Origins, o)
		return nil
	}, `SELECT id, role, name, head, applied, seen, EXISTS (SELECT 1 FROM revocation r WHERE r.public = origin.public)
		FROM origin ORDER BY seen DESC, oid LIMIT 2000`)
}

func (s *Status) readAside(ctx context.Context, tx *sql.Tx) error {
	err := each(ctx, tx, func(scan scanner) error {
		var a Aside
		var id []byte
		var fork bool
		if err := scan(&id, &a.Name, &fork, &a.From, &a.To, &a.Facts); err != nil {
			return err
		}
		a.Origin = hex.EncodeToString(id)
		if fork {
			s.Forks = append(s.Forks, a)
		} else {
			s.Gaps = append(s.Gaps, a)
		}
		return nil
	}, `SELECT o.id, o.name, a.number <= o.head AS fork,
  iif(a.number <= o.head, min(a.number), o.head + 1), iif(a.number <= o.head, min(a.number), min(a.number) - 1), count(*)
FROM aside a JOIN origin o ON o.oid = a.oid GROUP BY a.oid, fork LIMIT ?`, MostListed)
	if err != nil {
		return err
	}
	return each(ctx, tx, func(scan scanner) error {
		var q Quarantined
		var id []byte
		if err := scan(&id, &q.Name, &q.Number, &q.Reason); err != nil {
			return err
		}
		q.Origin = hex.EncodeToString(id)
		s.Quarantine = append(s.Quarantine, q)
		return nil
	}, `SELECT o.id, o.name, q.id & 0xffffffffff, q.reason
FROM quarantine q JOIN origin o ON o.oid = q.id >> 40 ORDER BY q.id DESC LIMIT ?`, MostListed)
}
