package index

import (
	"context"
	"database/sql"
	"errors"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// ReceiptData is what is held about the ballot of a receipt or slip, as its
// holder may know it: never what was answered or written, since whoever printed
// the receipt knows its id too.
type ReceiptData struct {
	Dossier                bool // a dossier's; else a slip's
	Desk, DeskEN           string
	Unit, UnitEN           string // settling authority
	Field, Procedure       string // codes; may be empty
	Officer                bool   // the registration names who took the dossier in
	Received, Due          survey.Day
	LastEvent              survey.Day // of the dossier; of a slip: its issue
	Receipts               int        // that were printed of it
	Ratings                []Given    // in the order in which they were recorded, by sittings
	Comment, Contact       Kept
	CommentDays, ReachDays int // for how many days such words are kept
}

// Given is one sitting in which the ballot was rated.
type Given struct {
	Day     survey.Day // 0: not known, since the device's clock was not right
	Channel survey.Channel
	Binding survey.Binding
}

// Kept says until when words are kept.
type Kept struct {
	Held, Erased bool       // Erased: there were some, and they were erased
	Until        survey.Day // last day; 0: not known yet
}

// ReceiptData finds it by the receipt's hash; false: no such receipt.
func (x *Index) ReceiptData(ctx context.Context, hash [32]byte) (d ReceiptData, ok bool, err error) {
	err = x.read(ctx, func(tx *sql.Tx) error {
		var ballot, kind, received, due, last, counted, at int64
		err := tx.QueryRowContext(ctx, `SELECT b.id, b.kind, coalesce(d.name, ''), coalesce(d.name_en, ''), coalesce(u.name, ''), coalesce(u.name_en, ''),
			b.field, b.procedure, b.officer <> '', b.received, b.due, b.last, b.fact, b.at, (SELECT count(DISTINCT hash) FROM receipt r WHERE r.ballot = b.id)
			FROM ballot b LEFT JOIN desk d ON d.id = b.desk LEFT JOIN unit u ON u.id = b.unit
			WHERE b.kind IN (1, 2) AND (b.id IN (SELECT ballot FROM receipt WHERE hash = ?1) OR b.key = ?1) ORDER BY b.key LIMIT 1`, hash[:]).
			Scan(&ballot, &kind, &d.Desk, &d.DeskEN, &d.Unit, &d.UnitEN, &d.Field, &d.Procedure, &d.Officer, &received, &due, &last, &counted, &at, &d.Receipts)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		ok, d.Dossier = true, kind == 1
		d.Received, d.Due, d.LastEvent = dayOr0(received), dayOr0(due), dayOr0(last)
		if err := d.ratings(ctx, tx, ballot, counted, at, x.now().UnixMilli()); err != nil {
			return err
		}
		return d.words(ctx, tx, ballot, x.Today())
	})
	return d, ok, err
}

func dayOr0(milli int64) survey.Day {
	if milli == 0 {
		return 0
	}
	return survey.DayOfMilli(milli)
}

// ratings reads the sittings. What one says is not looked at but for its way.
func (d *ReceiptData) ratings(ctx context.Context, tx *sql.Tx, ballot, counted, at, now int64) error {
	seen := map[string]int{} // sitting, by its id, which is the ballot's own
	return each(ctx, tx, func(scan scanner) error {
		var id int64
		var role uint8
		var data sql.RawBytes
		if err := scan(&id, &role, &data); err != nil {
			return err
		}
		f, err := fact.Decode(data)
		if err != nil || f.Kind != fact.KindRating {
			return err
		}
		var r fact.Rating
		if err := fact.Unmarshal(f.Body, &r); err != nil {
			return err
		}
		given := Given{Channel: survey.Channel(r.Channel), Binding: survey.BindingReceipt}
		if len(r.Receipt) == 0 {
			given.Binding = survey.BindingDossier
		}
		switch day := survey.DayOfMilli(f.Wall); {
		case id == counted:
			given.Day = survey.DayOfMilli(at)
		case role == fact.RoleServer, day >= d.Received && f.Wall <= now: // else the device's clock was wrong
			given.Day = day
		}
		if i, ok := seen[string(r.Session)]; ok {
			if given.Day != 0 {
				d.Ratings[i].Day = given.Day
			}
			return nil
		}
		seen[string(r.Session)] = len(d.Ratings)
		d.Ratings = append(d.Ratings, given)
		return nil
	}, `SELECT e.fact, o.role, f.bytes FROM entry e CROSS JOIN fact f CROSS JOIN origin o
		WHERE e.ballot = ? AND f.id = e.fact AND o.oid = e.fact >> 40 ORDER BY f.id`, ballot)
}

// words says whether anything written is kept, and until when.
func (d *ReceiptData) words(ctx context.Context, tx *sql.Tx, ballot int64, today survey.Day) error {
	settings := map[string]string{}
	err := each(ctx, tx, func(scan scanner) error {
		var key, value string
		err := scan(&key, &value)
		settings[key] = value
		return err
	}, `SELECT key, value FROM setting WHERE key GLOB 'retention:*'`)
	if err != nil {
		return err
	}
	d.CommentDays, d.ReachDays = survey.KeptComments.Of(settings[survey.KeptComments.Setting]), survey.KeptContacts.Of(settings[survey.KeptContacts.Setting])
	return each(ctx, tx, func(scan scanner) error {
		var purpose survey.Purpose
		var at int64
		var erased bool
		if err := scan(&purpose, &at, &erased); err != nil {
			return err
		}
		kept, days := &d.Comment, d.CommentDays
		if purpose == survey.PurposeContact {
			kept, days = &d.Contact, d.ReachDays
		}
		if erased {
			kept.Erased = true
			return nil
		}
		until := survey.Day(0)
		if at != 0 {
			// Kept as long as the day on which it was written is at most so many days ago.
			if until = survey.DayOfMilli(at) + survey.Day(days); until < today {
				return nil
			}
		}
		kept.Held, kept.Until = true, max(kept.Until, until)
		return nil
	}, `SELECT t.purpose, t.at, t.digest IN (SELECT digest FROM erased) FROM entry e CROSS JOIN text t WHERE e.ballot = ? AND t.fact = e.fact AND t.digest <> x''`, ballot)
}

// Keeps says for how many days comments and contact data are kept.
func (x *Index) Keeps(ctx context.Context) (comments, contacts int, err error) {
	err = x.read(ctx, func(tx *sql.Tx) error {
		var d ReceiptData
		err := d.words(ctx, tx, 0, x.Today())
		comments, contacts = d.CommentDays, d.ReachDays
		return err
	})
	return comments, contacts, err
}
