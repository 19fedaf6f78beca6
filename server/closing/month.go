package closing

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// cellKey is what one desk received and one unit settles, of one kind of service.
type cellKey struct {
	unit    string
	service survey.Service
	desk    string
}

// ballot is one in the blocks of a month, as it is shown.
type ballot struct {
	id        int64
	cell      cellKey
	day       survey.Day
	score     uint8
	way       string
	changed   bool // its answer was changed
	field     string
	procedure string
	officer   string
	step      survey.Step
	hour      int   // of its first rating; −1: it has none any more
	rating    int64 // fact id where it says more than a score; else 0
}

// value is the ballot's in a dimension.
func (b *ballot) value(by string) string {
	switch by {
	case Way:
		return b.way
	case Field:
		return b.field
	case Procedure:
		return b.field + Part + b.procedure
	case Officer:
		return b.officer
	case Step:
		if b.step == 0 {
			return ""
		}
		return b.step.String()
	case Weekday:
		return strconv.Itoa((int(b.day.Weekday())+6)%7 + 1)
	case Hour:
		if b.hour < 0 {
			return ""
		}
		return fmt.Sprintf("%02d", b.hour)
	}
	return ""
}

// month is what a closing is computed from.
type month struct {
	period  survey.Period
	cells   map[cellKey]fact.CellSpan
	left    map[group][]string
	ballots []ballot
	numbers map[cellKey]int64 // ballots as they are, of the days that are not of earlier blocks
}

// backKey is a ballot in the cell in which it is held back.
type backKey struct {
	ballot [32]byte
	cell   cellKey
}

// readMonth reads the ballots of the closing's blocks, as they were shown.
func readMonth(ctx context.Context, tx *sql.Tx, c *fact.Closing) (*month, error) {
	m := &month{period: survey.Period{From: survey.Day(c.From), To: survey.Day(c.To)},
		cells: map[cellKey]fact.CellSpan{}, left: map[group][]string{}, numbers: map[cellKey]int64{}}
	first, last := m.period.To, m.period.From
	for _, x := range c.Cells {
		m.cells[cellKey{x.Unit, survey.Service(x.Service), x.Desk}] = x
		first, last = min(first, survey.Day(x.After)+1), max(last, survey.Day(x.Last))
	}
	for _, x := range c.Left {
		m.left[group{x.Unit, survey.Service(x.Service)}] = x.By
	}
	back := map[backKey]*fact.HeldBack{}
	keys := map[[32]byte]bool{}
	for i := range c.Back {
		b := &c.Back[i]
		back[backKey{[32]byte(b.Ballot), cellKey{b.Unit, survey.Service(b.Service), b.Desk}}] = b
		keys[[32]byte(b.Ballot)] = true
	}
	covers := func(k cellKey, d survey.Day) bool {
		x, ok := m.cells[k]
		return ok && int32(d) > x.After && int32(d) <= x.Last
	}
	codes := map[int64]string{0: ""}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var id int64
		var code string
		err := scan(&id, &code)
		codes[id] = code
		return err
	}, `SELECT id, code FROM place`)
	if err != nil {
		return nil, err
	}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var b ballot
		var key []byte
		var unit, desk, at int64
		var channel, binding uint8
		var said bool
		if err := scan(&b.id, &key, &unit, &desk, &b.cell.service, &b.day, &b.score, &channel, &binding, &b.field, &b.procedure, &b.officer, &b.step, &at, &b.rating, &said, &b.changed); err != nil {
			return err
		}
		b.cell.unit, b.cell.desk = codes[unit], codes[desk]
		if _, isBack := back[backKey{[32]byte(key), b.cell}]; isBack || !covers(b.cell, b.day) {
			return nil
		}
		b.way, b.hour = wayOf(channel, binding), hourOf(at)
		if !said {
			b.rating = 0
		}
		m.ballots = append(m.ballots, b)
		return nil
	}, `SELECT id, key, unit, desk, service, day, score, channel, binding, field, procedure, officer, step, first, fact, said, changed
		FROM ballot WHERE score > 0 AND kind IN (1, 2) AND day BETWEEN ? AND ?`, first, last)
	if err != nil {
		return nil, err
	}
	for k, x := range back {
		if x.Score == 0 || !covers(k.cell, survey.Day(x.Day)) {
			continue
		}
		b, err := heldBack(ctx, tx, k, x)
		if err != nil {
			return nil, err
		}
		m.ballots = append(m.ballots, *b)
	}
	return m, m.readCells(ctx, tx, codes)
}

// heldBack gives a ballot as it was still shown: by its score and channel then,
// with what is registered of it.
func heldBack(ctx context.Context, tx *sql.Tx, k backKey, x *fact.HeldBack) (*ballot, error) {
	b := &ballot{cell: k.cell, day: survey.Day(x.Day), score: x.Score, way: wayOf(x.Channel, x.Binding), changed: x.Changed}
	var now, at int64
	err := tx.QueryRowContext(ctx, `SELECT id, field, procedure, officer, step, score, first FROM ballot WHERE key = ?`, k.ballot[:]).
		Scan(&b.id, &b.field, &b.procedure, &b.officer, &b.step, &now, &at)
	if err != nil {
		return nil, fmt.Errorf("a ballot that is held back: %w", err)
	}
	if b.hour = -1; now != 0 {
		b.hour = hourOf(at)
	}
	var oid int64
	var raw []byte
	err = tx.QueryRowContext(ctx, `SELECT o.oid, f.bytes FROM origin o JOIN fact f ON f.id = o.oid << 40 | ? WHERE o.id = ?`, int64(x.Number), x.Origin).Scan(&oid, &raw)
	if err == sql.ErrNoRows {
		return b, nil // on a branch that was given up since
	}
	if err != nil {
		return nil, err
	}
	if r := rating(raw); r != nil && r.Score == x.Score && r.SaysMore() {
		b.rating = oid<<40 | int64(x.Number)
	}
	return b, nil
}

// readCells counts the ballots of each cell as they are.
func (m *month) readCells(ctx context.Context, tx *sql.Tx, codes map[int64]string) error {
	return each(ctx, tx, func(scan func(...any) error) error {
		var unit, desk, n int64
		var d survey.Day
		var k cellKey
		if err := scan(&unit, &k.service, &desk, &d, &n); err != nil {
			return err
		}
		k.unit, k.desk = codes[unit], codes[desk]
		if x, ok := m.cells[k]; ok && int32(d) > x.After {
			m.numbers[k] += n
		}
		return nil
	}, `SELECT c.unit, c.service, c.desk, d.day, d.s1 + d.s2 + d.s3 + d.s4 + d.s5 FROM cell c CROSS JOIN cell_day d
		WHERE d.cell = c.id AND d.day < ? AND d.day >= ?`, m.period.To, m.firstDay())
}

func (m *month) firstDay() survey.Day {
	first := m.period.From
	for _, x := range m.cells {
		first = min(first, survey.Day(x.After)+1)
	}
	return first
}

func wayOf(channel, binding uint8) string {
	switch {
	case survey.Channel(channel) != survey.ChannelKiosk:
		return "phone"
	case survey.Binding(binding) == survey.BindingReceipt:
		return "kiosk_receipt"
	}
	return "kiosk_dossier"
}

// hourOf gives the hour of day in Vietnam of Unix milliseconds.
func hourOf(ms int64) int { return int((ms - survey.DayOfMilli(ms).StartMilli()) / 3_600_000) }

// each runs a query and calls fn for each row.
func each(ctx context.Context, tx *sql.Tx, fn func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
