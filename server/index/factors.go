package index

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"hailong/internal/survey"
)

// factors keeps what months published of all units together: it never changes,
// and is many rows.
type factors struct {
	mu  sync.Mutex
	all map[string]published
}

type published struct {
	ballots int64
	more    int64
	answers map[string]*survey.Counts
	ticks   map[string]int64
}

// mostFactors bounds what is kept: each is a few kilobytes.
const mostFactors = 64

// Factors is what the ballots of all units in the closed months of a period say
// beside their scores. Without a closed month it is empty.
func (x *Index) Factors(ctx context.Context, service survey.Service, period survey.Period) (Said, []ClosedMonth, error) {
	s := Said{Service: service}
	var months []ClosedMonth
	var p published
	err := x.readClosed(ctx, func(tx *sql.Tx) (err error) {
		if months, err = closedIn(ctx, tx, period); err != nil || len(months) == 0 {
			return err
		}
		key := fmt.Sprint(service)
		for _, m := range months {
			key += " " + m.Closing
		}
		x.factors.mu.Lock()
		defer x.factors.mu.Unlock()
		var ok bool
		if p, ok = x.factors.all[key]; ok {
			return nil
		}
		if p, err = readPublished(ctx, tx, service, period); err != nil {
			return err
		}
		if x.factors.all == nil || len(x.factors.all) >= mostFactors {
			x.factors.all = map[string]published{}
		}
		x.factors.all[key] = p
		return nil
	})
	if err != nil || len(months) == 0 {
		return s, nil, err
	}
	s.Ballots, s.More = p.ballots, p.more
	return s, months, x.read(ctx, func(tx *sql.Tx) error {
		sheets, err := readSheets(ctx, tx, period.Last())
		s.put(sheets, p.answers, p.ticks)
		return err
	})
}

func readPublished(ctx context.Context, tx *sql.Tx, service survey.Service, period survey.Period) (published, error) {
	p := published{answers: map[string]*survey.Counts{}, ticks: map[string]int64{}}
	return p, each(ctx, tx, func(scan scanner) error {
		var dim, value string
		var n [6]int64
		if err := scan(&dim, &value, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil {
			return err
		}
		switch dim {
		case "total":
			p.ballots += survey.Counts(n[1:]).Answers()
		case "full":
			p.more += n[1] + n[5]
		case "question":
			plus(p.answers, value, n)
		case "reason":
			p.ticks[value] += n[0]
		}
		return nil
	}, `SELECT f.dim, f.value, sum(n0), sum(n1), sum(n2), sum(n3), sum(n4), sum(n5) FROM month m CROSS JOIN figure f
WHERE m.since >= $from AND m.until <= $to AND f.month = m.id AND f.service = $service
  AND (f.dim = 'total' OR f.dim IN ('question', 'reason', 'full') AND f.desk = '') GROUP BY 1, 2`,
		sql.Named("from", int64(period.From)), sql.Named("to", int64(period.To)), sql.Named("service", int64(service)))
}
