package periodic

import (
	"context"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hailong/internal/locale"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
	closedschema "hailong/server/closing/schema"
	"hailong/server/index"
	"hailong/server/projection/schema"
	"hailong/server/report"
	"hailong/web"
)

var today = survey.NewDay(2026, time.November, 23)

func noon() time.Time { return today.Start().Add(12 * time.Hour) }

// world is a projection's database, filled by hand, and a filler on it.
type world struct {
	t      testing.TB
	db     *sqlite.DB
	closed *sqlite.DB // what closings published
	*Filler
}

func newWorld(t testing.TB) *world {
	t.Helper()
	open := func(name string, files fs.FS) *sqlite.DB {
		db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), name), files, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db
	}
	db, closed := open("server.db", schema.Files), open("closed.db", closedschema.Files)
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, closed: closed}
	x := index.Open(db.Read(), noon)
	x.UseClosed(closed.Read())
	w.Filler = &Filler{Index: x, Languages: catalogue, Now: noon, Setting: w.setting}
	return w
}

func (w *world) setting(ctx context.Context, key string) (value string, err error) {
	err = w.db.Read().QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM setting WHERE key = ?), '')`, key).Scan(&value)
	return value, err
}

func (w *world) put(query string, args ...any) {
	w.t.Helper()
	w.write(w.db, query, args...)
	if strings.Contains(query, "_day ") || strings.Contains(query, " block ") {
		for _, query := range schema.Months {
			w.write(w.db, query)
		}
	}
}

func (w *world) write(db *sqlite.DB, query string, args ...any) {
	w.t.Helper()
	err := db.Write(context.Background(), func(tx *sqlite.Tx) error {
		_, err := tx.Conn.ExecContext(context.Background(), query, args...)
		return err
	})
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

// unit adds a unit with one desk and cell, all of that number.
func (w *world) unit(id int64, code, kind, parent string, service survey.Service) {
	w.put(`INSERT OR IGNORE INTO unit_kind VALUES (?, ?, ?)`, kind, "Loại "+kind, "Kind "+kind)
	w.put(`INSERT INTO place VALUES (?, 1, ?), (?, 2, ?)`, id, code, 1000+id, "D"+code)
	w.put(`INSERT INTO unit VALUES (?, ?, ?, ?, ?, ?, 0, 0)`, code, id, "Đơn vị "+code, "Unit "+code, kind, parent)
	w.put(`INSERT INTO desk VALUES (?, ?, ?, 'Quầy', 'Desk', ?)`, "D"+code, 1000+id, code, service)
	w.put(`INSERT INTO cell VALUES (?, ?, ?, ?)`, id, id, service, 1000+id)
}

// day adds a day's ballots, which are shown: five or more.
func (w *world) day(id int64, d survey.Day, n survey.Counts) {
	a := n.Answers()
	w.put(`INSERT INTO cell_day VALUES (?,?,?,?,?,?,?,?,?,?)`, id, d, n[0], n[1], n[2], n[3], n[4], a, a, 0)
	w.put(`INSERT INTO block VALUES (?,?,?,?,?,?,?,?,?,?,?)`, id, d, d, n[0], n[1], n[2], n[3], n[4], a, a, 0)
	w.put(`INSERT INTO dossier_day SELECT unit, service, ?, ?, ? FROM cell WHERE id = ?`, d, 2*a, a, id)
}

func (w *world) fill(q Ask) *report.Report {
	w.t.Helper()
	r, err := w.Fill(context.Background(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

var november = survey.NewDay(2026, time.November, 1).Month()

// small is a province with a city and its ward, a department and a hospital.
func small(t testing.TB) *world {
	w := newWorld(t)
	w.unit(1, "H41", "tinh", "", survey.ServiceAdministrative)
	w.unit(2, "SXD", "so", "H41", survey.ServiceAdministrative)
	w.unit(3, "VINH", "tp", "H41", survey.ServiceAdministrative)
	w.unit(4, "BENTHUY", "phuong", "VINH", survey.ServiceAdministrative)
	w.unit(5, "BV", "sn", "VINH", survey.ServicePublic)
	for _, kind := range []string{"so", "tp", "phuong"} {
		w.put(`INSERT INTO target VALUES (?, '', 1, 0, 1, 9000)`, kind)
	}
	w.day(2, november.From, survey.Counts{1, 2, 3, 4, 90})
	w.day(3, november.From, survey.Counts{0, 0, 0, 10, 40})
	w.day(4, november.From+1, survey.Counts{0, 0, 5, 5, 0})
	w.day(5, november.From+2, survey.Counts{0, 1, 0, 0, 30})
	w.put(`INSERT INTO return_day VALUES (2, 1, ?, 3, 5, 2, 1)`, november.From)
	w.put(`INSERT INTO setting VALUES ('letter/agency', 'Sở Nội vụ'), ('letter/recipients', 'Một' || char(10) || 'Hai')`)
	return w
}

func codes(s report.Service) string {
	var all []string
	for _, u := range s.Units {
		all = append(all, strings.Repeat("·", u.Unit.Level)+u.Unit.Code)
	}
	return strings.Join(all, " ")
}

func TestFill(t *testing.T) {
	w := small(t)
	w.put(`INSERT INTO void_day (day, unit, service, desk, n) VALUES (?, 2, 1, 0, 11), (?, 3, 1, 0, 9), (?, 3, 1, 0, 70)`, november.From, november.Last(), november.To)
	r := w.fill(Ask{Period: november})
	if len(r.Services) != 2 || r.Services[0].Kind != survey.ServiceAdministrative || r.Services[1].Kind != survey.ServicePublic {
		t.Fatalf("%+v", r.Services)
	}
	s := r.Services[0]
	// The province itself has no ballots and no target: those below it stand at the left.
	if got := codes(s); got != "SXD VINH ·BENTHUY" {
		t.Error(got)
	}
	if want := (survey.Counts{1, 2, 8, 19, 130}); s.Total.Counts != want || !s.Total.Shown || s.Total.Dossiers != 320 || s.Total.Rated != 160 || s.Total.Voided != 20 || s.Units[0].Voided != 11 {
		t.Errorf("%+v", s.Total)
	}
	if low, high := survey.Wilson(149, 160); s.Total.Low != low || s.Total.High != high || s.Total.Target.Set() {
		t.Errorf("%+v", s.Total)
	}
	x := s.Units[0]
	if x.Unit.Name != "Đơn vị SXD" || x.Verdict != survey.VerdictMet || !x.Straddles || x.Target.Hundredths != 9000 || x.Times != (survey.Timeliness{Early: 3, OnTime: 5, Late: 2}) {
		t.Errorf("%+v", x)
	}
	if u := s.Units[2]; u.Verdict != survey.VerdictTooFew || u.Counts.Answers() != 10 || u.Band == 0 {
		t.Errorf("%+v", u)
	}
	if r.Made != noon() || !r.Closed.IsZero() || r.Least != survey.LeastAnswers || r.Letter.Agency != "Sở Nội vụ" || !slices.Equal(r.Letter.Recipients, []string{"Một", "Hai"}) {
		t.Errorf("%+v", r)
	}
	if got := w.fill(Ask{Period: november, Language: "en"}).Services[0].Units[0].Unit.Name; got != "Unit SXD" {
		t.Error(got)
	}
	for _, f := range []report.Format{report.XLSX, report.CSV, report.DOCX} {
		if _, err := written(r, f); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// TestFillUnit: a unit with what is below it, in the bands of all.
func TestFillUnit(t *testing.T) {
	w := small(t)
	r := w.fill(Ask{Period: november, Unit: "VINH"})
	if got := codes(r.Services[0]); got != "VINH ·BENTHUY" {
		t.Error(got)
	}
	if got := r.Services[0].Total.Counts; got != (survey.Counts{0, 0, 5, 15, 40}) {
		t.Error(got)
	}
	if got := codes(r.Services[1]); got != "BV" {
		t.Error(got)
	}
	if r = w.fill(Ask{Period: november, Unit: "BENTHUY"}); len(r.Services) != 1 || codes(r.Services[0]) != "BENTHUY" {
		t.Errorf("%+v", r.Services)
	}
	if r = w.fill(Ask{Period: november, Unit: "H41"}); codes(r.Services[0]) != "SXD VINH ·BENTHUY" {
		t.Errorf("%+v", r.Services)
	}
}

func TestFillBadInput(t *testing.T) {
	w := small(t)
	for want, q := range map[survey.Code]Ask{
		survey.CodeNotYet:       {Period: survey.Period{From: today + 1, To: today + 2}},
		survey.CodeFromAfterTo:  {Period: survey.Period{From: today, To: today}},
		survey.CodeRangeTooLong: {Period: survey.Period{From: today - survey.LongestPeriod, To: today + 1}},
		survey.CodeUnknownUnit:  {Period: november, Unit: "X"},
	} {
		if _, err := w.Fill(context.Background(), q); survey.CodeOf(err) != want {
			t.Errorf("%+v: %v", q, err)
		}
	}
	// Today alone, the day before the first, and a leap day are days like others.
	for _, d := range []survey.Day{today, 0, survey.NewDay(2024, time.February, 29)} {
		if r := w.fill(Ask{Period: d.Single()}); r.Services[0].Total.Shown {
			t.Errorf("%v: %+v", d, r.Services[0].Total)
		}
	}
}

// TestParentsInACircle: what two files say of parents may contradict itself.
func TestParentsInACircle(t *testing.T) {
	w := small(t)
	w.put(`UPDATE unit SET parent = 'BENTHUY' WHERE code = 'VINH'`)
	w.put(`UPDATE unit SET parent = 'SXD' WHERE code = 'SXD'`)
	if r := w.fill(Ask{Period: november}); len(r.Services[0].Units) != 3 {
		t.Errorf("%+v", r.Services)
	}
}

// TestNobodyByDifference: whatever the numbers, neither a row nor the total minus
// the rows is of one to four ballots.
func TestNobodyByDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := make([]*report.Rate, rapid.IntRange(1, 12).Draw(t, "rows"))
		var all survey.Counts
		for i := range of {
			n := rapid.SampledFrom([]int64{0, 0, 1, 2, 3, 4, 5, 6, 7, 40}).Draw(t, "n")
			bad := rapid.Int64Range(0, n).Draw(t, "bad")
			of[i] = &report.Rate{Shown: true, Counts: survey.Counts{bad, 0, 0, 0, n - bad}}
			all = all.Add(of[i].Counts)
		}
		total := report.Rate{Shown: true, Counts: all}
		conceal(&total, of)
		left := all.Answers()
		for _, r := range of {
			if !r.Shown && r.Counts != (survey.Counts{}) {
				t.Fatalf("hidden, and there: %+v", r)
			}
			if n := r.Counts.Answers(); r.Shown && n > 0 && n < survey.LeastShown {
				t.Fatalf("%d ballots are shown", n)
			} else {
				left -= n
			}
		}
		if total.Shown && left > 0 && left < survey.LeastShown {
			t.Fatalf("the total gives %d ballots away: %v", left, of)
		}
	})
}

// quiet fails where something is logged as wrong.
func quiet(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(fails{t}, nil)) }

type fails struct{ t testing.TB }

func (f fails) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "level=WARN") && !strings.Contains(string(p), "without its fonts") {
		f.t.Errorf("%s", p)
	}
	return len(p), nil
}
