package survey_test

import (
	"encoding"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"

	"pgregory.net/rapid"
)

// Every property is tried on 1,000 cases, unless the command line says otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}

func TestTargetBoundaries(t *testing.T) {
	above := survey.Target{Hundredths: 9500, Operator: survey.OperatorAbove}
	least := survey.Target{Hundredths: 9500, Operator: survey.OperatorAtLeast}
	all := survey.Target{Hundredths: 10000, Operator: survey.OperatorExactly}
	for _, c := range []struct {
		t                  survey.Target
		satisfied, answers int64
		want               survey.Verdict
	}{
		{above, 95, 100, survey.VerdictNotMet},
		{above, 19000, 20000, survey.VerdictNotMet},
		{above, 19001, 20000, survey.VerdictMet},
		{above, 96, 100, survey.VerdictMet},
		{least, 95, 100, survey.VerdictMet},
		{least, 94, 100, survey.VerdictNotMet},
		{all, 30, 30, survey.VerdictMet},
		{all, 9999999, 10000000, survey.VerdictNotMet},
		{above, 29, 29, survey.VerdictTooFew},
		{above, 30, 30, survey.VerdictMet},
		{above, 0, 0, survey.VerdictTooFew},
		{survey.Target{}, 95, 100, 0},
		{survey.Target{Hundredths: 9550, Operator: survey.OperatorAbove}, 955, 1000, survey.VerdictNotMet},
		{survey.Target{Hundredths: 9550, Operator: survey.OperatorAbove}, 956, 1000, survey.VerdictMet},
	} {
		if got := survey.Judge(c.t, c.satisfied, c.answers, survey.LeastAnswers); got != c.want {
			t.Errorf("%d of %d against %s: %q, want %q", c.satisfied, c.answers, c.t, got, c.want)
		}
	}
	if survey.Judge(above, 0, 0, 0) != survey.VerdictTooFew {
		t.Error("no answers at all are too few, whatever the setting says")
	}
}

// The rule of «trên», «trở lên» and «đạt» in exact rationals.
func TestTargetAgreesWithRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1e12).Draw(t, "answers")
		s := rapid.Int64Range(0, n).Draw(t, "satisfied")
		h := rapid.Int32Range(0, 10000).Draw(t, "hundredths")
		if rapid.Bool().Draw(t, "near") {
			s = min(n, n/10000*int64(h)+rapid.Int64Range(0, 1).Draw(t, "one more"))
		}
		cmp := big.NewRat(s, n).Cmp(big.NewRat(int64(h), 10000))
		for op, want := range map[survey.Operator]bool{
			survey.OperatorAbove: cmp > 0, survey.OperatorAtLeast: cmp >= 0, survey.OperatorExactly: cmp == 0, 0: false,
		} {
			if (survey.Target{Hundredths: h, Operator: op}).Met(s, n) != want {
				t.Fatalf("%d of %d, %s %d: want %v", s, n, op, h, want)
			}
		}
	})
}

// Covers is what it says: checked against every rate in steps of a hundredth
// of a percent and the halves between.
func TestCovers(t *testing.T) {
	ops := []survey.Operator{survey.OperatorAbove, survey.OperatorAtLeast, survey.OperatorExactly}
	rapid.Check(t, func(t *rapid.T) {
		a := survey.Target{Hundredths: rapid.Int32Range(9000, 9010).Draw(t, "a"), Operator: rapid.SampledFrom(ops).Draw(t, "op a")}
		b := survey.Target{Hundredths: rapid.Int32Range(9000, 9010).Draw(t, "b"), Operator: rapid.SampledFrom(ops).Draw(t, "op b")}
		want := true
		for s := int64(0); s <= 20000; s++ {
			want = want && (!a.Met(s, 20000) || b.Met(s, 20000))
		}
		if a.Covers(b) != want {
			t.Fatalf("(%s).Covers(%s) = %v", a, b, !want)
		}
	})
	if a := (survey.Target{Hundredths: 9500, Operator: survey.OperatorAbove}); !a.Covers(survey.Target{}) || (survey.Target{}).Covers(a) {
		t.Error("no target is covered by every target, and covers none")
	}
}

func TestParsePercent(t *testing.T) {
	for in, want := range map[string]int32{"95": 9500, "95.5": 9550, "95,5": 9550, "95.05": 9505, "100": 10000, "0": 0, "0.01": 1, "90.00": 9000} {
		if got, err := survey.ParsePercent(in); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "101", "100.01", "-1", "+95", "95.", ".5", "95.555", "95%", "9 5", "1e2", "0095", "95.5,1", "９５"} {
		if got, err := survey.ParsePercent(in); survey.CodeOf(err) != survey.CodeBadField {
			t.Errorf("%q: %d, %v; want %s", in, got, err, survey.CodeBadField)
		}
	}
	if s := fmt.Sprint(survey.Target{Hundredths: 9550, Operator: survey.OperatorAbove}); s != "> 95.5%" {
		t.Error(s)
	}
}

func TestDays(t *testing.T) {
	for in, want := range map[string]survey.Day{"1970-01-01": 0, "1970-01-02": 1, "2018-01-01": 17532, "2024-02-29": 19782, "2026-11-23": 20780} {
		d, err := survey.ParseDay(in)
		if err != nil || d != want || d.String() != in {
			t.Errorf("%s: %d %s %v; want %d", in, d, d, err, want)
		}
	}
	for _, in := range []string{"", "2023-02-29", "2026-13-01", "2026-11-31", "2026-1-1", "26-11-23", "2026-11-23 ", "2026-11-23T00:00:00Z", "1969-12-31", "23/11/2026", "+2026-11-23"} {
		if _, err := survey.ParseDay(in); survey.CodeOf(err) != survey.CodeBadDate {
			t.Errorf("%q: %v", in, err)
		}
	}
	// A day begins at 17:00 UTC of the day before.
	before := time.Date(2026, 11, 22, 16, 59, 59, 999_000_000, time.UTC)
	if a, b := survey.DayOf(before), survey.DayOf(before.Add(time.Millisecond)); a.String() != "2026-11-22" || b.String() != "2026-11-23" {
		t.Error(a, b)
	}
	if d := survey.DayOfMilli(math.MaxInt64); d.String() != "9999-12-31" && d.String() != "10000-01-01" {
		t.Error("a mad clock:", d)
	}
	if d := survey.DayOfMilli(math.MinInt64); d > 0 {
		t.Error("a mad clock:", d)
	}
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(-1e12, 1e14).Draw(t, "ms")
		d := survey.DayOfMilli(ms)
		if ms < d.StartMilli() || ms >= (d+1).StartMilli() || survey.DayOf(time.UnixMilli(ms)) != d {
			t.Fatalf("%d is not in %s", ms, d)
		}
		y, m, day := d.Date()
		if survey.NewDay(y, m, day) != d {
			t.Fatalf("%s: date", d)
		}
	})
}

func TestPeriods(t *testing.T) {
	day, err := survey.ParseDay("2026-11-23") // a Monday
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		p        survey.Period
		from, to string
	}{
		{day.Single(), "2026-11-23", "2026-11-24"},
		{day.Week(), "2026-11-23", "2026-11-30"},
		{(day - 1).Week(), "2026-11-16", "2026-11-23"},
		{day.Month(), "2026-11-01", "2026-12-01"},
		{(day + 30).Month(), "2026-12-01", "2027-01-01"},
		{day.Quarter(), "2026-10-01", "2027-01-01"},
		{(day - 240).Quarter(), "2026-01-01", "2026-04-01"},
		{day.Year(), "2026-01-01", "2027-01-01"},
	} {
		want, err := survey.ParsePeriod(c.from, c.to)
		if err != nil || c.p != want {
			t.Errorf("%v, want %s–%s (%v)", c.p, c.from, c.to, err)
		}
	}
	for _, c := range []struct {
		from, to string
		want     survey.Code
	}{
		{"2026-11-23", "2026-11-23", survey.CodeFromAfterTo},
		{"2026-11-24", "2026-11-23", survey.CodeFromAfterTo},
		{"2026-02-30", "2026-11-23", survey.CodeBadDate},
		{"2026-11-23", "x", survey.CodeBadDate},
		{"2000-01-01", "2026-11-23", survey.CodeRangeTooLong},
	} {
		if _, err := survey.ParsePeriod(c.from, c.to); survey.CodeOf(err) != c.want {
			t.Errorf("%s–%s: %v, want %s", c.from, c.to, err, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := survey.Day(rapid.Int32Range(0, 60000).Draw(t, "day"))
		for _, p := range []survey.Period{d.Single(), d.Week(), d.Month(), d.Quarter(), d.Year()} {
			if !p.Contains(d) || p.Contains(p.To) || !p.Contains(p.Last()) || p.Check() != nil || p.Days() != int(p.To-p.From) {
				t.Fatalf("%v of %s", p, d)
			}
			if p.Overlaps(survey.Period{From: p.To, To: p.To + 1}) || !p.Overlaps(d.Single()) {
				t.Fatalf("overlap of %v", p)
			}
		}
		if d.Week().From.Weekday() != time.Monday {
			t.Fatal("weeks begin on Monday")
		}
	})
}

func TestWords(t *testing.T) {
	type word interface {
		encoding.TextMarshaler
		fmt.Stringer
	}
	for w, want := range map[word]string{
		survey.ChannelKiosk: "kiosk", survey.ChannelPhone: "phone",
		survey.BindingReceipt: "receipt", survey.BindingDossier: "dossier", survey.BindingNone: "none",
		survey.ServiceAdministrative: "administrative", survey.ServicePublic: "public",
		survey.StepReceived: "received", survey.StepSupplement: "supplement", survey.StepRefused: "refused", survey.StepReturned: "returned",
		survey.OperatorAbove: ">", survey.OperatorAtLeast: ">=", survey.OperatorExactly: "=",
		survey.VerdictMet: "met", survey.VerdictNotMet: "not_met", survey.VerdictTooFew: "too_few",
		survey.Verdict(0): "", survey.Verdict(200): "",
	} {
		if b, err := w.MarshalText(); err != nil || string(b) != want || w.String() != want {
			t.Errorf("%T: %q, want %q", w, b, want)
		}
	}
	var v struct {
		C survey.Channel
		B survey.Binding
		V survey.Service
		S survey.Step
		O survey.Operator
		R survey.Verdict
		D survey.Day
	}
	in := `{"C":"phone","B":"dossier","V":"public","S":"refused","O":"\u003e=","R":"not_met","D":"2026-11-23"}`
	if err := json.Unmarshal([]byte(in), &v); err != nil {
		t.Fatal(err)
	}
	if out, err := json.Marshal(v); err != nil || string(out) != in {
		t.Errorf("%s, %v", out, err)
	}
	for field, want := range map[string]survey.Code{"C": survey.CodeBadField, "B": survey.CodeBadField, "V": survey.CodeUnknownService,
		"S": survey.CodeBadStep, "O": survey.CodeBadField, "R": survey.CodeBadField, "D": survey.CodeBadDate} {
		if err := json.Unmarshal([]byte(`{"`+field+`":"nonsense"}`), &v); survey.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", field, err, want)
		}
	}
	if s, err := survey.ParseService("public"); s != survey.ServicePublic || err != nil {
		t.Error(s, err)
	}
	if _, err := survey.ParseService(""); survey.CodeOf(err) != survey.CodeUnknownService {
		t.Error(err)
	}
	if c := (survey.Counts{1, 2, 3, 4, 5}); c.Answers() != 15 || c.Satisfied() != 9 || c.Add(c) != (survey.Counts{2, 4, 6, 8, 10}) {
		t.Error(c)
	}
	for s := survey.Score(0); s < 8; s++ {
		if s.Valid() != (s >= 1 && s <= 5) || s.Satisfied() != (s == 4 || s == 5) {
			t.Error(s)
		}
	}
}

func TestCatalogue(t *testing.T) {
	verb := regexp.MustCompile(`%[a-z]`)
	number := regexp.MustCompile(`^HL[1-79]\d{3}$`)
	codes := survey.Codes()
	slices.Sort(codes)
	if len(codes) < 40 {
		t.Fatalf("%d codes", len(codes))
	}
	for _, c := range codes {
		e := survey.New(c)
		if !number.MatchString(string(c)) || e.Code != c {
			t.Errorf("%s: code", c)
		}
		if s := c.Status(); s < 400 || s > 599 || s >= 500 && c[2] < '5' {
			t.Errorf("%s: status %d", c, s)
		}
		vi, en := verb.FindAllString(e.Message, -1), verb.FindAllString(e.MessageEN, -1)
		if e.Message == "" || e.MessageEN == "" || !slices.Equal(vi, en) {
			t.Errorf("%s: sentences %q, %q", c, e.Message, e.MessageEN)
		}
		for _, s := range []string{e.Message, e.MessageEN} {
			if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "%s") || strings.Contains(s, "!") {
				t.Errorf("%s: not a calm sentence: %q", c, s)
			}
		}
		// What operators run into says what to try.
		if (c[2] == '7' || c.Status() >= 500 && c != survey.CodeBusy) && e.Try == "" {
			t.Errorf("%s: nothing to try", c)
		}
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("disk on fire")
	e := survey.Wrap(survey.CodeStorageFailing, cause)
	wrapped := fmt.Errorf("capture: %w", e)
	if !errors.Is(wrapped, cause) || survey.CodeOf(wrapped) != survey.CodeStorageFailing || survey.ErrorOf(wrapped) != e {
		t.Error(wrapped)
	}
	if s := e.Error(); !strings.Contains(s, "HL5002") || !strings.Contains(s, "disk on fire") || !strings.Contains(s, "Try: ") {
		t.Error(s)
	}
	if strings.Contains(e.Message+e.MessageEN+e.Try, "fire") {
		t.Error("a cause is shown to people")
	}
	if survey.CodeOf(cause) != survey.CodeInternal || !errors.Is(survey.ErrorOf(cause), cause) {
		t.Error("an unknown error is internal")
	}
	if survey.CodeOf(nil) != "" || survey.ErrorOf(nil) != nil {
		t.Error("nil has no code")
	}
	if e := survey.New("HL0000"); e.Code != survey.CodeInternal || survey.Code("HL0000").Status() != 500 {
		t.Error(e)
	}
	if e := survey.New(survey.CodeUnknownUnit, "X9"); !strings.Contains(e.Message, "«X9»") || !strings.Contains(e.MessageEN, "“X9”") {
		t.Error(e)
	}
}
