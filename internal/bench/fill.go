package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/projection/schema"
)

// filled gives the database that what is read is measured on, made once a run.
func (b *bench) filled(ctx context.Context) (path string, ballots int64, err error) {
	if b.projection != "" {
		return b.projection, b.ballots, nil
	}
	dir, err := b.folder("province")
	if err != nil {
		return "", 0, err
	}
	b.say("filling the rollups of %d units and %d days", b.units, b.days)
	path = filepath.Join(dir, "server.db")
	if ballots, err = fill(ctx, path, survey.DayOf(time.Now()), b.units, b.days); err == nil {
		b.projection, b.ballots = path, ballots
	}
	return path, ballots, err
}

// questions are how many there are in five factors.
const questions = 20

func questionCode(i int) string { return fmt.Sprintf("q%02d", i) }

// answers gives a questionnaire, and facts of five people who answer it.
func answers() (sheet []byte, told [][]byte, err error) {
	words := survey.Words{"vi": "Câu hỏi", "en": "Question"}
	q := survey.Questionnaire{Version: 1, Scale: []survey.Words{words, words, words, words, words}, Consent: words,
		Services: []survey.ServiceSheet{{Service: survey.ServiceAdministrative, Overall: words, Reasons: []survey.Reason{{Code: "wait", Factor: "f0", Good: words, Bad: words}}}}}
	s := &q.Services[0]
	for i := range questions {
		if i < 5 {
			s.Factors = append(s.Factors, survey.Factor{Code: fmt.Sprint("f", i), Name: words})
		}
		s.Questions = append(s.Questions, survey.Question{Code: questionCode(i), Factor: fmt.Sprint("f", i%5), Text: words})
	}
	if sheet, err = q.Document(); err != nil {
		return nil, nil, err
	}
	for k := range 5 {
		x := fact.Rating{Session: bytes.Repeat([]byte{byte(k)}, 16), Nonce: make([]byte, 16), Receipt: make([]byte, 32), Score: 5, Channel: 1, Reasons: []string{"+wait"}}
		for i := range 6 {
			x.Answers = append(x.Answers, fact.Answer{Question: questionCode((6*k + i) % questions), Score: uint8(5 - (k+i)%3)})
		}
		raw, err := fact.Marshal(&x)
		if err != nil {
			return nil, nil, err
		}
		f := fact.Fact{Version: fact.Version, Number: uint64(k + 1), Kind: fact.KindRating, Body: raw}
		if raw, err = f.Encode(); err != nil {
			return nil, nil, err
		}
		told = append(told, raw)
	}
	return sheet, told, nil
}

// toldDays is of how many last days there are ballots that answer more than the
// first question: those that a page reads one by one.
const toldDays = 41

// fill makes a projection's database with rollups, some 27 ballots a unit and
// day, and of the last days a fifth of the ballots with answers.
func fill(ctx context.Context, path string, today survey.Day, units, days int) (ballots int64, err error) {
	db, err := sqlite.Open(ctx, path, schema.Files, sqlite.Options{CacheKiB: 64 << 10})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	sheet, told, err := answers()
	if err != nil {
		return 0, err
	}
	r := rand.New(rand.NewPCG(1, 2))
	err = db.Write(ctx, func(tx *sqlite.Tx) error {
		statements := map[string]*sql.Stmt{}
		put := func(query string, values ...any) {
			st := statements[query]
			if st == nil && err == nil {
				st, err = tx.Conn.PrepareContext(ctx, query)
				statements[query] = st
			}
			if err == nil {
				_, err = st.ExecContext(ctx, values...)
			}
		}
		put(`INSERT INTO unit_kind VALUES ('xa', 'Xã', 'Commune')`)
		put(`INSERT INTO questionnaire VALUES (1, 0, ?)`, sheet)
		put(`INSERT INTO target VALUES ('xa', '', 1, 0, 1, 9000)`)
		for u := 1; u <= units; u++ {
			code := fmt.Sprintf("U%04d", u)
			put(`INSERT INTO unit VALUES (?, ?, ?, ?, 'xa', '', 0, 0)`, code, u, "Ủy ban nhân dân xã "+code, "Commune "+code)
			put(`INSERT INTO desk VALUES (?, ?, ?, ?, 'Desk', 1)`, "D"+code, 10000+u, code, "Một cửa "+code)
			put(`INSERT INTO cell VALUES (?, ?, 1, ?)`, u, u, 10000+u)
			for d := today - survey.Day(days) + 1; d <= today; d++ {
				var n survey.Counts
				for range 18 + r.IntN(19) {
					n[[]int{4, 4, 4, 4, 3, 3, 3, 2, 1, 0}[r.IntN(10)]]++
				}
				a := n.Answers()
				ballots += a
				put(`INSERT INTO cell_day VALUES (?,?,?,?,?,?,?,?,?,?)`, u, d, n[0], n[1], n[2], n[3], n[4], a-a/3, a-a/9, a/20)
				put(`INSERT INTO block VALUES (?,?,?,?,?,?,?,?,?,?,?)`, u, d, d, n[0], n[1], n[2], n[3], n[4], a-a/3, a-a/9, a/20)
				put(`INSERT INTO walkin_day VALUES (?,?,0,0,1,1,2)`, 10000+u, d)
				put(`INSERT INTO dossier_day VALUES (?,1,?,?,?)`, u, d, a*2, a)
				put(`INSERT INTO return_day VALUES (?,1,?,?,?,?,0)`, u, d, a/2, a, a/20)
				if d <= today-toldDays {
					continue
				}
				for hour := 8; hour < 17; hour++ {
					put(`INSERT INTO desk_hour VALUES (?,?,?,?)`, 10000+u, d, hour, a/9)
				}
				for k := range 5 {
					ballot := u*1000 + int(today-d)*10 + k
					put(`INSERT INTO fact VALUES (?,?)`, 1<<40|ballot, told[k])
					put(`INSERT INTO said VALUES (?,?,?,?)`, u, d, ballot, 1<<40|ballot)
				}
			}
		}
		for _, query := range schema.Months {
			put(query)
		}
		for _, st := range statements {
			if st != nil {
				err = errors.Join(err, st.Close())
			}
		}
		return err
	})
	return ballots, err
}
