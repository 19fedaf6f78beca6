package index

import (
	"context"
	"errors"
	"sync"
	"testing"

	"hailong/internal/survey"
)

// TestOneMoment: however many ask while the projection writes, each answer is of
// one moment.
func TestOneMoment(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "so", "", 0, 0),
		row(insertCell, 1, 1, 1, 0), cellDay(1, today, survey.Counts{0, 0, 0, 0, 5}), row(insertDossier, 1, 1, today, 5, 5),
		row(`INSERT INTO cursor VALUES (1, 7, 5, x'')`))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				a, err := f.x.Query(context.Background(), Query{Period: today.Single()})
				if err != nil || len(a.Rows) != 1 || a.Rows[0].Counts.Answers() != a.Rows[0].Dossiers {
					t.Errorf("%+v %v", a, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for n := 6; n < 300; n++ {
		f.write(row(`UPDATE cell_day SET s5 = ?, kiosk = ?, receipt = ?`, n, n, n),
			row(`UPDATE block SET s5 = ?, kiosk = ?, receipt = ?`, n, n, n), row(`UPDATE dossier_day SET dossiers = ?, rated = ?`, n, n), row(`UPDATE cursor SET sequence = ?`, n))
	}
	close(done)
	wg.Wait()
}

// TestCancelled: a question whose asker has gone ends with an error, and leaves
// the next its connection.
func TestCancelled(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "so", "", 0, 0), row(insertCell, 1, 1, 1, 0), cellDay(1, today, survey.Counts{0, 0, 0, 0, 6}))
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.x.Query(gone, Query{Period: today.Single()}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for range 3 {
		if r := f.one(Query{Period: today.Single()}); r.Counts.Answers() != 6 {
			t.Errorf("%+v", r)
		}
	}
}
