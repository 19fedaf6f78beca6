package register

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/projection"
)

// Void says that the ratings among an origin's facts from first to last do not
// count, and why; with lift, that they count again. They stay, and are shown as
// void. new is false where that is what holds of the run already. An origin or
// a run that this server does not have is survey.CodeBadField, as is a lift of a
// run that nobody declared void.
func (r *Register) Void(ctx context.Context, origin fact.OriginID, first, last uint64, reason string, lift bool) (isNew bool, err error) {
	if err := checkReason(reason); err != nil {
		return false, err
	}
	recorded, err := r.decide(ctx, func() ([]fact.Entry, error) {
		var head int64
		err := r.state.db.QueryRowContext(ctx, `SELECT head FROM origin WHERE id = ?`, origin[:]).Scan(&head)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil, survey.New(survey.CodeBadField, "origin")
		case err != nil:
			return nil, err
		case first < 1 || first > last:
			return nil, survey.New(survey.CodeBadField, "first")
		case last > uint64(head):
			return nil, survey.New(survey.CodeBadField, "last")
		}
		v := &fact.Void{Origin: origin, First: first, Last: last, Reason: reason, Lift: lift}
		holds, err := r.holds(ctx, v)
		switch {
		case err != nil:
			return nil, err
		case holds == nil && lift:
			return nil, survey.New(survey.CodeBadField, "first")
		case holds != nil && holds.Lift == lift && (lift || holds.Reason == reason):
			return nil, nil
		}
		return []fact.Entry{{Kind: fact.KindVoid, Body: v}}, nil
	})
	if err != nil {
		return false, err
	}
	r.settle(ctx, recorded)
	return recorded != nil, nil
}

// holds gives what the latest fact says of a void's run; nil for none.
func (r *Register) holds(ctx context.Context, v *fact.Void) (*fact.Void, error) {
	h := *v
	err := r.state.db.QueryRowContext(ctx, `SELECT lift, reason FROM void WHERE origin = ? AND first = ? AND last = ?`,
		v.Origin[:], int64(v.First), int64(v.Last)).Scan(&h.Lift, &h.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &h, err
}

// Given finds the ratings that a kiosk's devices gave from one moment up to
// another, by corrected time: what VoidTime would declare void. Only devices
// that were let in last as that kiosk are its. Errors: survey.CodeUnknownKiosk,
// survey.CodeFromAfterTo.
func (r *Register) Given(ctx context.Context, kiosk string, from, to time.Time) (runs []projection.Run, err error) {
	if err := r.Kiosk(ctx, kiosk); err != nil {
		return nil, err
	}
	if !from.Before(to) {
		return nil, survey.New(survey.CodeFromAfterTo)
	}
	var origins []fact.OriginID
	err = r.state.each(ctx, func(scan func(...any) error) error {
		var id []byte
		err := scan(&id)
		if err == nil {
			origins = append(origins, fact.OriginID(id))
		}
		return err
	}, `SELECT o.id FROM origin o WHERE o.role = ? AND (SELECT a.kiosk FROM admission a WHERE a.public = o.public ORDER BY a.fact DESC LIMIT 1) = ? ORDER BY o.id`,
		fact.RoleKiosk, kiosk)
	for _, o := range origins {
		found, ferr := r.o.Projection.Runs(ctx, o, from.UnixMilli(), to.UnixMilli())
		runs, err = append(runs, found...), errors.Join(err, ferr)
	}
	return runs, err
}

// VoidTime says that what Given finds does not count, and why. It gives the runs
// that are void then, those that were void already among them; none is no error.
func (r *Register) VoidTime(ctx context.Context, kiosk string, from, to time.Time, reason string) (runs []projection.Run, err error) {
	if err := checkReason(reason); err != nil {
		return nil, err
	}
	last, err := r.decide(ctx, func() (entries []fact.Entry, err error) {
		if runs, err = r.Given(ctx, kiosk, from, to); err != nil {
			return nil, err
		}
		for _, x := range runs {
			v := &fact.Void{Origin: x.Origin, First: x.First, Last: x.Last, Reason: reason}
			holds, err := r.holds(ctx, v)
			if err != nil {
				return nil, err
			}
			if holds == nil || *holds != *v {
				entries = append(entries, fact.Entry{Kind: fact.KindVoid, Body: v})
			}
		}
		return entries, nil
	})
	if err != nil {
		return nil, err
	}
	r.settle(ctx, last)
	return runs, nil
}

// Voided is a run of facts that somebody declared void.
type Voided struct {
	Origin      fact.OriginID
	First, Last uint64
	Kiosk       string // code; empty: of a server, or of a device that was not let in
	Lifted      bool   // its ratings count again
	Reason      string // of what holds now
	At          time.Time
	Ratings     int64 // that would compete for a ballot if they were not void, by this run or another
}

// Voids lists them, the latest first.
func (r *Register) Voids(ctx context.Context) (all []Voided, err error) {
	return all, r.state.each(ctx, func(scan func(...any) error) error {
		var v Voided
		var origin []byte
		var at int64
		err := scan(&origin, &v.First, &v.Last, &v.Kiosk, &v.Lifted, &v.Reason, &at, &v.Ratings)
		if err == nil {
			v.Origin, v.At = fact.OriginID(origin), time.UnixMilli(at)
			all = append(all, v)
		}
		return err
	}, `SELECT v.origin, v.first, v.last,
		coalesce((SELECT a.kiosk FROM admission a WHERE a.public = o.public ORDER BY a.fact DESC LIMIT 1), ''), v.lift, v.reason, v.at,
		(SELECT count(*) FROM voided x WHERE x.fact BETWEEN o.oid << 40 | v.first AND o.oid << 40 | v.last)
		FROM void v LEFT JOIN origin o ON o.id = v.origin ORDER BY v.at DESC, v.fact DESC`)
}
