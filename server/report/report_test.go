package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/report"
	"hailong/web"
)

func language(t testing.TB, tag string) *locale.Language {
	t.Helper()
	c, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	return c.Language(tag)
}

// nasty are names that programs have stumbled over.
var nasty = []string{
	`=cmd|'/C calc'!A0`, `+1+1`, `-2+3`, `@SUM(A1:A2)`, "\tTab ở đầu", "Hai\r\ndòng",
	`Phường "Trường Thi", thành phố Vinh; 'cũ'`, `<b>Xã Hưng Lộc</b> & <script>alert(1)</script>`,
	strings.Repeat("Trung tâm Phục vụ hành chính công ", 9)[:300], strings.Repeat("Ỗ", 120),
	"Xa\u0303 Nghi A\u0302n", "Tên có \x00\x1b điều khiển \u202e ngược", "Xã 😀 \U00010000 \uffff", "", "{{.Name}} %d %s",
}

// hidden is a number that stands in rows that are not to be shown: it may be
// seen nowhere.
const hidden = 735_419

// sample is a report of that many units for each of two kinds of service.
func sample(t testing.TB, tag string, units int) *report.Report {
	r := &report.Report{
		Language: language(t, tag), Period: survey.Period{From: survey.NewDay(2026, 10, 1), To: survey.NewDay(2027, 1, 1)},
		Made: time.Date(2027, 1, 5, 2, 30, 15, 0, time.UTC), Closed: time.Date(2027, 1, 4, 17, 0, 0, 0, time.UTC), Least: survey.LeastAnswers,
		Letter: report.Letter{Superior: "UBND tỉnh Nghệ An", Agency: "Sở Nội vụ", Number: "07", Symbol: "BC-SNV", Place: "Nghệ An",
			Opening:    []string{"Thực hiện Kế hoạch của Ủy ban nhân dân tỉnh về đo lường sự hài lòng của người dân, tổ chức đối với sự phục vụ của cơ quan hành chính nhà nước;"},
			Recipients: []string{"UBND tỉnh (để báo cáo)", "Các sở, ban, ngành", "UBND các xã, phường"}, Archive: "Lưu: VT, CCHC",
			Authority: "KT. Giám đốc", Position: "Phó Giám đốc", Signer: "Nguyễn Văn Mẫu"},
	}
	random := rand.New(rand.NewPCG(1, uint64(units)))
	counts := func(most int64) (c survey.Counts) {
		n := 5 + random.Int64N(most)
		c[4] = n * (60 + random.Int64N(30)) / 100
		c[3] = (n - c[4]) * 8 / 10
		c[2] = (n - c[4] - c[3]) / 2
		c[1] = (n - c[4] - c[3] - c[2]) / 2
		c[0] = n - c[4] - c[3] - c[2] - c[1]
		return c
	}
	rated := func(c survey.Counts, target survey.Target) report.Rate {
		x := report.Rate{Shown: true, Counts: c, Target: target}
		x.Low, x.High = survey.Wilson(c.Satisfied(), c.Answers())
		x.Verdict = survey.Judge(target, c.Satisfied(), c.Answers(), survey.LeastAnswers)
		x.Straddles = survey.Straddles(target, c.Satisfied(), c.Answers())
		return x
	}
	concealed := report.Rate{Counts: survey.Counts{hidden, hidden, hidden, hidden, hidden}, Low: 0.735419, High: 0.735419, Verdict: survey.VerdictMet}
	factors := []string{"Tiếp cận dịch vụ hành chính công", "Thủ tục hành chính", "Công chức giải quyết công việc",
		"Kết quả cung ứng dịch vụ hành chính công", "Tiếp nhận, giải quyết góp ý, phản ánh, kiến nghị"}
	for _, kind := range survey.Services {
		target := survey.Target{Hundredths: 9500, Operator: survey.OperatorAbove}
		s := report.Service{Kind: kind}
		if kind == survey.ServicePublic {
			target = survey.Target{Hundredths: 9050, Operator: survey.OperatorAtLeast}
		}
		sums := make([]survey.Counts, len(factors))
		for i, name := range factors {
			s.Factors = append(s.Factors, report.Factor{Code: fmt.Sprintf("f%d", i+1), Name: name})
		}
		var all survey.Counts
		for i := range units {
			u := report.Row{Unit: report.Unit{Code: fmt.Sprintf("000.%02d.H41", i), Name: fmt.Sprintf("Ủy ban nhân dân xã Nghĩa Đàn %d", i+1), Level: i % 3}}
			if i < len(nasty) && kind == survey.ServiceAdministrative {
				u.Unit.Name = nasty[i]
			}
			if i%17 == 5 {
				u.Rate, u.Rated, u.WalkIns, u.After = concealed, hidden, hidden, hidden
				u.Full, u.Ratio766, u.Band = survey.Tally{Satisfied: hidden, Answers: hidden + 1}, survey.Tally{Satisfied: hidden, Answers: hidden + 1}, hidden
			} else {
				u.Rate = rated(counts(2000), target)
				all = all.Add(u.Counts)
				u.Band, u.Rated, u.WalkIns = 1+i/10, u.Counts.Answers(), random.Int64N(20)
				u.Ratio766 = survey.Ratio766(3*u.Counts.Answers(), u.Counts[0]+u.Counts[1])
				if i%9 == 1 {
					now := u.Counts.Add(survey.Counts{1, 1, 1, 1, 4})
					u.After, u.Now = 8, &now
				}
			}
			u.Dossiers = 40 + random.Int64N(9000)
			u.Times, u.Asked = survey.Timeliness{Early: u.Dossiers / 3, OnTime: u.Dossiers - u.Dossiers/3 - int64(i%4), Late: int64(i % 4)}, survey.TimelinessCity
			u.Nine = survey.Assessment{Points: 3, Most: 4, Known: 2}
			if kind == survey.ServicePublic && u.Shown {
				u.Full = survey.Tally{Satisfied: u.Counts[4], Answers: u.Counts.Answers()}
			}
			s.Units = append(s.Units, u)
			for j := range s.Factors {
				x := concealed
				if u.Shown {
					x = rated(counts(500), target)
					sums[j] = sums[j].Add(x.Counts)
				}
				s.Factors[j].Units = append(s.Factors[j].Units, x)
			}
		}
		s.Total = report.Row{Rate: rated(all, target), Dossiers: 3 * all.Answers(), Rated: all.Answers(), WalkIns: 312, After: 64,
			Ratio766: survey.Ratio766(3*all.Answers(), all[0]+all[1]),
			Times:    survey.Timeliness{Early: all.Answers(), OnTime: all.Answers(), Late: 17}, Asked: survey.TimelinessDepartment,
			Nine: survey.Assessment{Points: 15, Most: 18, Known: 9, Grade: survey.GradeExcellent}}
		if kind == survey.ServicePublic {
			s.Total.Full = survey.Tally{Satisfied: all[4], Answers: all.Answers()}
		}
		for j := range s.Factors {
			s.Factors[j].Total = rated(sums[j], target)
		}
		r.Services = append(r.Services, s)
	}
	return r
}

// hasFonts says whether `make web` was run: without it there are no PDFs, and
// TestNoFonts is all that can be said of them.
func hasFonts(t testing.TB) bool {
	t.Helper()
	_, err := fs.Stat(web.Dist(), "fonts/tinos-regular.ttf")
	if err != nil {
		t.Log("web/dist has no fonts/tinos-regular.ttf: PDFs are not tested; try: make web")
	}
	return err == nil
}

func written(t testing.TB, r *report.Report, f report.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, f); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return b.Bytes()
}

func formats(t testing.TB) (out []report.Format) {
	for _, f := range report.Formats {
		if f != report.PDF || hasFonts(t) {
			out = append(out, f)
		}
	}
	return out
}

// The same report gives the same bytes, also where many are made at once, and
// in whatever language and size.
func TestSameBytes(t *testing.T) {
	for _, tag := range []string{"vi", "en"} {
		for _, f := range formats(t) {
			first := written(t, sample(t, tag, 20), f)
			shared := sample(t, tag, 20)
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					if !bytes.Equal(first, written(t, shared, f)) {
						t.Errorf("%s in %s: other bytes", f, tag)
					}
				})
			}
			all.Wait()
			later := sample(t, tag, 20)
			later.Made = later.Made.Add(48 * time.Hour)
			if f != report.CSV && bytes.Equal(first, written(t, later, f)) {
				t.Errorf("%s in %s does not say when it was made", f, tag)
			}
		}
	}
}

func TestRefusesWhatDoesNotHoldTogether(t *testing.T) {
	for name, spoil := range map[string]func(*report.Report){
		"no language":     func(r *report.Report) { r.Language = nil },
		"no time":         func(r *report.Report) { r.Made = time.Time{} },
		"no day":          func(r *report.Report) { r.Period.To = r.Period.From },
		"a unit too few":  func(r *report.Report) { r.Services[0].Units = r.Services[0].Units[1:] },
		"a long period":   func(r *report.Report) { r.Period.To += 2 * survey.LongestPeriod },
		"an odd factor":   func(r *report.Report) { r.Services[1].Factors[2].Units = nil },
		"no such format!": func(*report.Report) {},
	} {
		r, format := sample(t, "vi", 3), report.CSV
		spoil(r)
		if strings.HasSuffix(name, "!") {
			format = "doc"
		}
		var b bytes.Buffer
		if err := r.Write(&b, format); err == nil || b.Len() > 0 {
			t.Errorf("%s: error %v, %d bytes", name, err, b.Len())
		}
	}
}

// A report without any service, unit or letter is a report.
func TestEmpty(t *testing.T) {
	bare := &report.Report{Language: language(t, "vi"), Period: survey.NewDay(2026, 11, 23).Single(), Made: time.Unix(1_800_000_000, 0)}
	silent := sample(t, "vi", 2)
	for i := range silent.Services {
		silent.Services[i].Total.Shown, silent.Services[i].Factors = false, nil
		for j := range silent.Services[i].Units {
			silent.Services[i].Units[j].Rate = report.Rate{}
		}
	}
	for _, r := range []*report.Report{bare, silent} {
		for _, f := range formats(t) {
			if len(written(t, r, f)) == 0 {
				t.Errorf("%s is empty", f)
			}
		}
	}
}

func TestNoFonts(t *testing.T) {
	var b bytes.Buffer
	err := sample(t, "vi", 2).WritePDF(&b, fstest.MapFS{})
	if !errors.Is(err, report.ErrNoFont) || !strings.Contains(err.Error(), "try:") || b.Len() > 0 {
		t.Errorf("%v, %d bytes", err, b.Len())
	}
}

func TestPeriodName(t *testing.T) {
	day := survey.NewDay
	for _, c := range []struct {
		from, to survey.Day // to is in it
		vi, en   string
	}{
		{day(2026, 11, 23), day(2026, 11, 23), "Ngày 23/11/2026", "23 Nov 2026"},
		{day(2026, 11, 1), day(2026, 11, 30), "Tháng 11 năm 2026", "November 2026"},
		{day(2028, 2, 1), day(2028, 2, 29), "Tháng 2 năm 2028", "February 2028"},
		{day(2028, 2, 1), day(2028, 2, 28), "Từ ngày 01/02/2028 đến ngày 28/02/2028", "1 Feb 2028 to 28 Feb 2028"},
		{day(2026, 1, 1), day(2026, 3, 31), "Quý I năm 2026", "Quarter I of 2026"},
		{day(2026, 10, 1), day(2026, 12, 31), "Quý IV năm 2026", "Quarter IV of 2026"},
		{day(2026, 1, 1), day(2026, 6, 30), "6 tháng đầu năm 2026", "First half of 2026"},
		{day(2026, 7, 1), day(2026, 12, 31), "6 tháng cuối năm 2026", "Second half of 2026"},
		{day(2026, 1, 1), day(2026, 9, 30), "9 tháng đầu năm 2026", "First 9 months of 2026"},
		{day(2026, 1, 1), day(2026, 12, 31), "Năm 2026", "Year 2026"},
		{day(2025, 1, 1), day(2026, 12, 31), "Từ ngày 01/01/2025 đến ngày 31/12/2026", "1 Jan 2025 to 31 Dec 2026"},
		{day(2025, 4, 1), day(2025, 9, 30), "Từ ngày 01/04/2025 đến ngày 30/09/2025", "1 Apr 2025 to 30 Sep 2025"},
	} {
		p := survey.Period{From: c.from, To: c.to + 1}
		if vi, en := report.PeriodName(language(t, "vi"), p), report.PeriodName(language(t, "en"), p); vi != c.vi || en != c.en {
			t.Errorf("%v–%v: %q and %q, want %q and %q", c.from, c.to, vi, en, c.vi, c.en)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"Xa\u0303 A\u0302n":     "Xã Ân",
		"  hai\r\n\tdòng\x00 ":  "hai dòng",
		"a\u202eb\ufeff\uffffc": "abc",
		"\xff":                  "�",
		"<b>":                   "<b>",
	} {
		if got := report.Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := []rune(report.Clean(strings.Repeat("Ỗ", 1000))); len(got) != 300 || got[299] != '…' {
		t.Errorf("%d letters of 1,000 are left", len(got))
	}
}

func BenchmarkXLSX(b *testing.B) {
	r := sample(b, "vi", 500)
	r.Period = survey.NewDay(2026, 1, 1).Year()
	b.ReportAllocs()
	var size int
	for b.Loop() {
		size = len(written(b, r, report.XLSX))
	}
	b.ReportMetric(float64(size), "bytes")
}

func BenchmarkPDF(b *testing.B) {
	if !hasFonts(b) {
		return
	}
	r := sample(b, "vi", 130)
	for b.Loop() {
		written(b, r, report.PDF)
	}
}
