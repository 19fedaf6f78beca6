package closing

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"hailong/internal/survey"
	"hailong/server/export"
)

// Rows are the single ballots of a closed month, for export: see package export.
type Rows struct {
	Questions []string        // codes that may be answered, sorted
	Groups    []*export.Group // by unit and kind of service; not merged yet
}

// ballotLevels are the columns by which a unit's single ballots are told apart,
// the most telling first. The last is by desk alone, as totals are. A closing
// names in Left the level that nobody can be singled out by; it names none where
// that is the first.
var ballotLevels = [][]export.Column{
	{export.Desk, export.Day, export.Field, export.Channel, export.Step, export.Procedure, export.Binding, export.Changed},
	{export.Desk, export.Field, export.Channel, export.Step, export.Procedure, export.Binding, export.Changed},
	{export.Desk, export.Field, export.Channel},
	{export.Desk},
}

// mostAudited is how many ballots of a unit and kind of service are looked at
// with all their columns: the work grows with the cube of it. More are told by
// the third level at most, which has few classes.
const mostAudited = 4000

// levelName is how a closing names a level.
func levelName(level int) string { return fmt.Sprintf("ballots/%d", level) }

// levelOf gives the level that a closing names among what it leaves out.
func levelOf(left []string) int {
	for i := range ballotLevels {
		if slices.Contains(left, levelName(i)) {
			return i
		}
	}
	return 0
}

// names numbers texts in their order, so that what is numbered does not depend on
// the order in which ballots are read.
func names(bs []*ballot, of func(*ballot) string) (all []string, number map[string]int32) {
	for _, b := range bs {
		all = append(all, of(b))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	number = make(map[string]int32, len(all))
	for i, name := range all {
		number[name] = int32(i)
	}
	return all, number
}

// exported gives a unit's ballots with the columns of a level; the others are
// merged away.
func exported(g group, bs []*ballot, level int) *export.Group {
	out := &export.Group{Unit: g.unit, Service: g.service, Ballots: make([]export.Ballot, len(bs))}
	var desks, fields, procedures map[string]int32
	out.Names[export.Desk], desks = names(bs, func(b *ballot) string { return b.cell.desk })
	out.Names[export.Field], fields = names(bs, func(b *ballot) string { return b.field })
	out.Names[export.Procedure], procedures = names(bs, func(b *ballot) string { return b.procedure })
	for i, b := range bs {
		channel, binding := survey.ChannelKiosk, survey.BindingReceipt
		switch b.way {
		case "phone":
			channel = survey.ChannelPhone
		case "kiosk_dossier":
			binding = survey.BindingDossier
		}
		all := [export.Columns]int32{
			export.Desk: desks[b.cell.desk], export.Day: int32(b.day), export.Field: fields[b.field], export.Channel: int32(channel),
			export.Step: int32(b.step), export.Procedure: procedures[b.procedure], export.Binding: int32(binding),
		}
		if b.changed {
			all[export.Changed] = 1
		}
		x := &out.Ballots[i]
		x.Score = survey.Score(b.score)
		for c := range x.Known {
			x.Known[c] = export.Other
		}
		for _, c := range ballotLevels[level] {
			x.Known[c] = all[c]
		}
	}
	return out
}

// classes parts a unit's ballots as their export does at a level.
func classes(bs []*ballot, level int) (parts [][]*ballot) {
	x := exported(group{}, bs, level)
	for i := range x.Ballots {
		x.Ballots[i].Said = fmt.Sprintf("%08d", i) // whose it is
	}
	begin := 0
	for _, end := range export.Merge(x.Ballots) {
		var part []*ballot
		for _, b := range x.Ballots[begin:end] {
			i := 0
			for _, digit := range b.Said {
				i = 10*i + int(digit-'0')
			}
			part = append(part, bs[i])
		}
		parts, begin = append(parts, part), end
	}
	return parts
}

// readRows gives the month's single ballots, with what they say.
func (m *month) readRows(ctx context.Context, tx *sql.Tx) (*Rows, error) {
	rows := &Rows{}
	codes := map[string]bool{}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var document []byte
		if err := scan(&document); err != nil {
			return err
		}
		q, err := survey.ParseQuestionnaire(document)
		if err != nil {
			return nil // a newer program's: what it asks is not told by this one
		}
		for _, s := range q.Services {
			for _, x := range s.Questions {
				codes[x.Code] = true
				rows.Questions = append(rows.Questions, x.Code)
			}
			for _, x := range s.Reasons {
				codes[x.Code] = true
			}
		}
		return nil
	}, `SELECT document FROM questionnaire`)
	if err != nil {
		return nil, err
	}
	slices.Sort(rows.Questions)
	rows.Questions = slices.Compact(rows.Questions)
	st, err := tx.PrepareContext(ctx, `SELECT bytes FROM fact WHERE id = ?`)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	for g, bs := range m.groups() {
		x := exported(g, bs, levelOf(m.left[g]))
		for i, b := range bs {
			if b.rating == 0 {
				continue
			}
			var raw []byte
			if err := st.QueryRowContext(ctx, b.rating).Scan(&raw); err != nil {
				return nil, fmt.Errorf("rating of a ballot: %w", err)
			}
			if r := rating(raw); r != nil {
				var answers []export.Answer
				for _, a := range r.Answers {
					answers = append(answers, export.Answer{Question: a.Question, Score: survey.Score(a.Score)})
				}
				x.Ballots[i].Said = export.Say(answers, r.Reasons, func(code string) bool { return codes[code] })
			}
		}
		rows.Groups = append(rows.Groups, x)
	}
	slices.SortFunc(rows.Groups, func(a, b *export.Group) int {
		return cmp.Or(strings.Compare(a.Unit, b.Unit), cmp.Compare(a.Service, b.Service))
	})
	return rows, nil
}
