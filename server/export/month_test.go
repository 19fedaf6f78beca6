package export

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"hailong/internal/survey"
)

var october = survey.NewDay(2026, time.October, 1).Month()

// group is made-up ballots of a unit.
func group(unit string, seed uint64, n int) *Group {
	r := rand.New(rand.NewPCG(seed, 3))
	g := &Group{Unit: unit, Service: survey.Service(1 + seed%2)}
	g.Names[Desk] = []string{"D-" + unit, "\t=cmd|'/C calc'!A0", "Quầy \"2\", tầng 1"}
	g.Names[Field] = []string{"", "đất đai", "hộ\ttịch\r\n", "-1"}
	g.Names[Procedure] = []string{"", "@a", "b", "c", "d", "e", "f"}
	for range n {
		b := Ballot{Score: survey.Score(1 + r.IntN(5)), Known: [Columns]int32{
			Desk: int32(r.IntN(9) / 7 * r.IntN(3)), Day: int32(october.From) + int32(r.IntN(34)) - 3, Field: int32(r.IntN(4)), Channel: int32(1 + r.IntN(3)/2),
			Step: int32(r.IntN(5)), Procedure: int32(r.IntN(7)), Binding: int32(1 + r.IntN(9)/8), Changed: int32(r.IntN(20) / 19)}}
		if r.IntN(5) == 0 {
			b.Said = Say([]Answer{{"staff.polite", survey.Score(1 + r.IntN(5))}, {"time.kept", survey.Score(r.IntN(7))}, {"nobody.asked", 5}, {"staff.polite", 1}},
				[]string{"+staff.kind", "-wait.long", "x", "+nobody.asked", "+staff.kind"}[:r.IntN(6)],
				func(code string) bool { return code != "nobody.asked" })
		}
		g.Ballots = append(g.Ballots, b)
	}
	return g
}

var asked = []string{"staff.polite", "time.kept"}

func monthFile(t testing.TB, gs ...*Group) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := WriteMonth(&b, Head{october, "c1", asked}, slices.Values(gs))
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, g := range gs {
		if len(g.Ballots) >= survey.LeastShown {
			want += len(g.Ballots)
		}
	}
	if int(n) != want {
		t.Fatalf("%d rows of %d", n, want)
	}
	return b.Bytes()
}

// TestMonth: what a month's file gives back is what went in, merged.
func TestMonth(t *testing.T) {
	a, b, few := group("A", 1, 400), group("B\t", 2, 5), group("C", 3, 4)
	file := monthFile(t, a, b, few)
	i := 0
	all := slices.Concat(a.Ballots, b.Ballots) // merged by now
	err := readMonth(file, func(r *Row) error {
		g, x := a, all[i]
		if i >= len(a.Ballots) {
			g = b
		}
		if i++; r.Month != october.From || r.Unit != plain(g.Unit) || r.Service != g.Service || r.Score != x.Score {
			t.Fatalf("row %d: %+v of %+v", i, r, x)
		}
		text := func(c Column, s *string) {
			if v := x.Known[c]; (s == nil) != (v == Other) || s != nil && *s != g.Names[c][v] {
				t.Fatalf("row %d: column %d of %+v of %+v", i, c, r, x)
			}
		}
		text(Desk, r.Desk)
		text(Field, r.Field)
		text(Procedure, r.Procedure)
		number := func(c Column, there bool, v int32) {
			if there != (x.Known[c] != Other) || there && v != x.Known[c] {
				t.Fatalf("row %d: column %d of %+v of %+v", i, c, r, x)
			}
		}
		number(Day, r.Day != nil, int32(value(r.Day)))
		number(Step, r.Step != nil, int32(value(r.Step)))
		number(Channel, r.Channel != 0, int32(r.Channel))
		number(Binding, r.Binding != 0, int32(r.Binding))
		number(Changed, r.Changed != nil, map[bool]int32{true: 1}[value(r.Changed)])
		if said := strings.Trim(r.Answers+"\t"+r.Reasons, "\t"); said != strings.Trim(x.Said, "\t") {
			t.Fatalf("row %d: %+v of %+v", i, r, x)
		}
		return nil
	})
	if err != nil || i != 405 {
		t.Fatal(i, err)
	}
	// The same whatever the order in which ballots were read.
	shuffled := group("A", 1, 400)
	rand.New(rand.NewPCG(9, 9)).Shuffle(400, func(i, j int) {
		shuffled.Ballots[i], shuffled.Ballots[j] = shuffled.Ballots[j], shuffled.Ballots[i]
	})
	if !bytes.Equal(monthFile(t, shuffled, group("B\t", 2, 5)), file) {
		t.Error("another order of ballots gives another file")
	}
	// What breaks off, or is something else, is an error.
	none := func(*Row) error { return nil }
	for n, data := range [][]byte{nil, []byte("x"), file[:len(file)-1], file[:len(file)/2], file[:20]} {
		if err := readMonth(data, none); err == nil {
			t.Errorf("%d bytes of a file (%d) are taken", len(data), n)
		}
	}
	stop := errors.New("stop")
	if err := readMonth(file, func(*Row) error { return stop }); err != stop {
		t.Error(err)
	}
}

func readMonth(data []byte, each func(*Row) error) error {
	m, err := OpenMonth(bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer m.Close()
	if m.Period != october || m.Closing != "c1" || !slices.Equal(m.Questions, asked) {
		return fmt.Errorf("%v %q", m.Period, m.Questions)
	}
	return m.Rows(each)
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func TestSay(t *testing.T) {
	known := func(code string) bool { return code != "x" }
	for want, got := range map[string]string{
		"":          Say([]Answer{{"x", 3}, {"a", 0}}, []string{"a", "", "+x", "+"}, known),
		"a=3;b=5\t": Say([]Answer{{"b", 5}, {"a", 3}, {"a", 1}}, nil, known),
		"\tk+;w-":   Say(nil, []string{"-w", "+k", "+k"}, known),
		"a=1\ta+":   Say([]Answer{{"a", 1}}, []string{"+a"}, known),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestCSV: a reader of RFC 4180 finds every row, and no cell is a formula.
func TestCSV(t *testing.T) {
	file := monthFile(t, group("A", 1, 400), group("=B", 2, 60))
	var out bytes.Buffer
	c := NewCSV(&out, asked)
	var rows []Row
	if err := readMonth(file, func(r *Row) error { rows = append(rows, *r); return c.Row(r) }); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(out.String(), "\ufeff")
	if !marked {
		t.Error("no mark of UTF-8")
	}
	lines, err := stdcsv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(lines) != 1+460 || strings.Join(lines[0], ",") != "month,day,unit,desk,service,field,procedure,step,channel,binding,changed,score,q:staff.polite,q:time.kept,reasons" {
		t.Fatalf("%v %d %v", err, len(lines), lines[0])
	}
	answers, merged := 0, 0
	for i, l := range lines[1:] {
		r := rows[i]
		if l[0] != "2026-10" || l[11] != fmt.Sprint(r.Score) || l[4] != r.Service.String() || (l[1] == "") != (r.Day == nil) || (l[3] == "*") != (r.Desk == nil) || l[14] != r.Reasons {
			t.Fatalf("%q of %+v", l, r)
		}
		for j, cell := range l {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Fatalf("column %d is a formula: %q", j, cell)
			}
			if cell == Merged {
				merged++
			}
		}
		for j := range asked {
			if l[12+j] != "" {
				answers++
				if !strings.Contains(";"+r.Answers+";", ";"+asked[j]+"="+l[12+j]+";") {
					t.Fatalf("%q of %q", l, r.Answers)
				}
			}
		}
	}
	if answers == 0 || merged == 0 {
		t.Errorf("%d answers, %d merged", answers, merged)
	}
}

// TestParquet: the file is read back by the same rows.
func TestParquet(t *testing.T) {
	file := monthFile(t, group("A", 1, 400), group("B", 2, 60))
	var out bytes.Buffer
	s := NewParquet(&out, asked)
	var rows []Row
	if err := readMonth(file, func(r *Row) error { rows = append(rows, *r); return s.Row(r) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	type read struct {
		Month   int32   `parquet:"month,date"`
		Day     *int32  `parquet:"day,optional,date"`
		Unit    string  `parquet:"unit"`
		Desk    *string `parquet:"desk,optional"`
		Service string  `parquet:"service"`
		Field   *string `parquet:"field,optional"`
		Changed *bool   `parquet:"changed,optional"`
		Score   int32   `parquet:"score"`
		Polite  *int32  `parquet:"q:staff.polite,optional"`
		Reasons string  `parquet:"reasons"`
	}
	f := parquet.NewGenericReader[read](bytes.NewReader(out.Bytes()))
	defer f.Close()
	got := make([]read, len(rows)+1)
	n, err := f.Read(got)
	if err != io.EOF || n != len(rows) {
		t.Fatal(n, err)
	}
	for i, x := range got[:n] {
		r := rows[i]
		if x.Month != int32(r.Month) || x.Unit != r.Unit || x.Service != r.Service.String() || x.Score != int32(r.Score) || x.Reasons != r.Reasons ||
			(x.Day == nil) != (r.Day == nil) || x.Day != nil && survey.Day(*x.Day) != *r.Day || (x.Desk == nil) != (r.Desk == nil) || x.Desk != nil && *x.Desk != *r.Desk ||
			(x.Field == nil) != (r.Field == nil) || x.Field != nil && *x.Field != *r.Field || (x.Changed == nil) != (r.Changed == nil) || x.Changed != nil && *x.Changed != *r.Changed {
			t.Fatalf("%+v of %+v", x, r)
		}
		if has := strings.Contains(";"+r.Answers, ";staff.polite="); has != (x.Polite != nil) || has && !strings.Contains(";"+r.Answers, fmt.Sprintf(";staff.polite=%d", *x.Polite)) {
			t.Fatalf("%+v of %+v", x, r)
		}
	}
}
