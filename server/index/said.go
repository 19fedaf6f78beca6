package index

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// Said is what the ballots of some whole blocks say beside their scores, of one
// kind of service. The set of ballots is the one whose rate is shown, so that
// nothing here can be told apart any better: what one question or tick counts,
// it counts among all of them, and to skip it is an answer too.
type Said struct {
	Service   survey.Service
	Ballots   int64      // all in the set
	More      int64      // of these, with answers or ticks
	Questions []Question // of the questionnaire in force, then others that were answered
	Good, Bad []Tick     // most often ticked first
}

// Question is how one question was answered.
type Question struct {
	Code      string
	Factor    survey.Words // name of its factor
	Text      survey.Words
	Counts    survey.Counts
	Skipped   int64   // ballots of the set that do not answer it
	Low, High float64 // 95% Wilson interval of the satisfied rate
}

// Tally is the number of answers and of those that are satisfied.
func (q Question) Tally() survey.Tally {
	return survey.Tally{Satisfied: q.Counts.Satisfied(), Answers: q.Counts.Answers()}
}

// Tick is a reason that was ticked as good or as bad.
type Tick struct {
	Code   string
	Text   survey.Words
	Number int64 // ballots of the set
}

// told is a shown ballot of which the rating that is shown says more than a
// score.
type told struct {
	ballot, fact int64
	service      survey.Service
	ends         survey.Day // last day of the block in which it is shown
}

// readTold gives the ballots of a desk's blocks that end in a period and say
// more than a score, as they are shown: with what a ballot that is held back
// said before.
func readTold(ctx context.Context, tx *sql.Tx, desk int64, cells []cellBlocks, p survey.Period) ([]told, error) {
	of := map[int64]cellBlocks{}
	days := survey.Period{From: p.To, To: p.From} // over all cells
	for i := range cells {
		if c := cells[i].in(p); len(c.all) > 0 {
			of[c.id] = c
			days.From, days.To = min(days.From, c.begin), max(days.To, c.all[len(c.all)-1].Covered.To)
		}
	}
	if len(of) == 0 {
		return nil, nil
	}
	var all []told
	add := func(cell int64, d survey.Day, ballot, at int64) {
		if last, ok := of[cell].shows(d); ok && at != 0 {
			all = append(all, told{ballot, at, of[cell].service, last})
		}
	}
	held := map[[2]int64]bool{} // cell and ballot
	err := each(ctx, tx, func(scan scanner) error {
		var cell, ballot, score, at int64
		var d survey.Day
		if err := scan(&cell, &ballot, &d, &score, &at); err != nil {
			return err
		}
		held[[2]int64{cell, ballot}] = true
		if score > 0 {
			add(cell, d, ballot, at)
		}
		return nil
	}, `SELECT h.cell, h.ballot, h.was_day, h.was_score, h.was_fact FROM cell c CROSS JOIN held h WHERE c.desk = ? AND h.cell = c.id`, desk)
	if err != nil {
		return nil, err
	}
	err = each(ctx, tx, func(scan scanner) error {
		var cell, ballot, at int64
		var d survey.Day
		if err := scan(&cell, &d, &ballot, &at); err != nil {
			return err
		}
		if !held[[2]int64{cell, ballot}] {
			add(cell, d, ballot, at)
		}
		return nil
	}, `SELECT s.cell, s.day, s.ballot, s.fact FROM cell c CROSS JOIN said s WHERE c.desk = ? AND s.cell = c.id AND s.day >= ? AND s.day < ?`,
		desk, days.From, days.To)
	slices.SortFunc(all, func(a, b told) int { return cmp.Compare(a.fact, b.fact) })
	return all, err
}

// name gives a name of what is told, under a secret of this process.
func (x *Index) name(all []told) string {
	mac := hmac.New(sha256.New, x.secret[:])
	for i := range all {
		fmt.Fprint(mac, all[i].fact, all[i].ballot, "\n")
	}
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// readRatings decodes the ratings of what is told, in its order.
func readRatings(ctx context.Context, tx *sql.Tx, all []told) ([]fact.Rating, error) {
	ids := make([]int64, len(all))
	for i := range all {
		ids[i] = all[i].fact
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	ratings := make([]fact.Rating, len(all))
	return ratings, each(ctx, tx, func(scan scanner) error {
		var i int
		var data sql.RawBytes
		if err := scan(&i, &data); err != nil {
			return err
		}
		f, err := fact.Decode(data)
		if err != nil || f.Kind != fact.KindRating {
			// A ballot that is held back may still be shown by a rating of a branch
			// that was given up since: what it said beside is not there any more.
			return err
		}
		return fact.Unmarshal(f.Body, &ratings[i])
	}, `SELECT e.key, f.bytes FROM json_each(?) e CROSS JOIN fact f WHERE f.id = e.value`, string(list))
}

// readSheets gives every version of the questionnaire, that in force on a day
// first.
func readSheets(ctx context.Context, tx *sql.Tx, day survey.Day) ([]*survey.Questionnaire, error) {
	var all []*survey.Questionnaire
	err := each(ctx, tx, func(scan scanner) error {
		var document []byte
		if err := scan(&document); err != nil {
			return err
		}
		// What a newer program wrote may not be understood here: its names are missing.
		if q, err := survey.ParseQuestionnaire(document); err == nil {
			all = append(all, q)
		}
		return nil
	}, `SELECT document FROM questionnaire ORDER BY since <= ? DESC, since DESC, version DESC`, day)
	return all, err
}

// sayings adds up what is told by kind of service: of those with a ballot in the
// set, which number is given.
func sayings(all []told, ratings []fact.Rating, ballots map[survey.Service]int64, sheets []*survey.Questionnaire) []Said {
	var sums []Said
	for _, service := range survey.Services {
		if ballots[service] == 0 {
			continue
		}
		s := Said{Service: service, Ballots: ballots[service]}
		answers, ticks := map[string]*survey.Counts{}, map[string]int64{}
		for i := range all {
			if all[i].service != service {
				continue
			}
			s.More++
			answered, ticked := map[string]bool{}, map[string]bool{}
			for _, a := range ratings[i].Answers {
				if answered[a.Question] || !survey.Score(a.Score).Valid() {
					continue // one ballot is one answer
				}
				answered[a.Question] = true
				if answers[a.Question] == nil {
					answers[a.Question] = &survey.Counts{}
				}
				answers[a.Question][a.Score-1]++
			}
			for _, t := range ratings[i].Reasons {
				if !ticked[t] {
					ticked[t] = true
					ticks[t]++
				}
			}
		}
		s.put(sheets, answers, ticks)
		sums = append(sums, s)
	}
	return sums
}

// put names what was counted. What no version of the questionnaire knows, nobody
// was asked: it is left out.
func (s *Said) put(sheets []*survey.Questionnaire, answers map[string]*survey.Counts, ticks map[string]int64) {
	known := map[string]bool{}
	for i, sheet := range sheets {
		asked := sheet.For(s.Service)
		if asked == nil {
			continue
		}
		factors := map[string]survey.Words{}
		for _, f := range asked.Factors {
			factors[f.Code] = f.Name
		}
		for _, q := range asked.Questions {
			n := answers[q.Code]
			if known["?"+q.Code] || n == nil && i > 0 {
				continue
			}
			known["?"+q.Code] = true
			if n == nil {
				n = &survey.Counts{}
			}
			one := Question{Code: q.Code, Factor: factors[q.Factor], Text: q.Text, Counts: *n, Skipped: s.Ballots - n.Answers()}
			one.Low, one.High = survey.Wilson(n.Satisfied(), n.Answers())
			s.Questions = append(s.Questions, one)
		}
		for _, r := range asked.Reasons {
			if known[r.Code] {
				continue
			}
			known[r.Code] = true
			if n := ticks["+"+r.Code]; n > 0 {
				s.Good = append(s.Good, Tick{r.Code, r.Good, n})
			}
			if n := ticks["-"+r.Code]; n > 0 {
				s.Bad = append(s.Bad, Tick{r.Code, r.Bad, n})
			}
		}
	}
	for _, ts := range [][]Tick{s.Good, s.Bad} {
		slices.SortStableFunc(ts, func(a, b Tick) int { return cmp.Compare(b.Number, a.Number) })
	}
}
