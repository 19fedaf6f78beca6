package register_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/projection"
	"hailong/server/register"
	"hailong/server/register/registertest"
)

var ctx = context.Background()

const code = "000.00.06.H41-261120-0361"

func row(code string) register.Row {
	return register.Row{Code: code, Desk: "D1", Received: "20/11/2026 09:30", Due: "30/11/2026"}
}

func fault(f *survey.Error) survey.Code {
	if f == nil {
		return ""
	}
	return f.Code
}

func TestRegister(t *testing.T) {
	w := registertest.New(t, nil)
	r := row(code)
	r.Unit, r.Service, r.Field, r.Procedure, r.Officer = "H41", "public", "Xây dựng", "Cấp phép", "CB-07"
	results, err := w.Register.Register(ctx, []register.Row{r, r, {Code: "0000006H41"}})
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Fault != nil || fault(results[1].Fault) != survey.CodeDossierRegistered || fault(results[2].Fault) != survey.CodeBadDossierCode {
		t.Fatalf("results %+v", results)
	}
	if !strings.HasPrefix(results[0].URL, "HTTPS://DANHGIA.EXAMPLE.VN/R/") || results[1].URL != "" {
		t.Errorf("URLs %q, %q", results[0].URL, results[1].URL)
	}
	known, ok, err := w.Projection.LookupReceipt(ctx, results[0].ID.Hash())
	if err != nil || !ok {
		t.Fatalf("the projection does not know the receipt that was answered: %v %v", ok, err)
	}
	want := projection.Known{Ballot: w.Keys.Ballot(code), Desk: "D1", Unit: "H41", Service: 2,
		Step: uint8(survey.StepReceived), Officer: true, Received: time.Date(2026, 11, 20, 9, 30, 0, 0, survey.Zone).UnixMilli()}
	want.Closes, want.DeskName, want.UnitName = known.Closes, known.DeskName, known.UnitName
	if known != want {
		t.Errorf("known as %+v, want %+v", known, want)
	}
}

// The same request again, with and without the projection behind, and after a
// restart: no second id, nothing recorded.
func TestRegisteredAlready(t *testing.T) {
	w := registertest.New(t, nil)
	again := func(when string) {
		t.Helper()
		before := w.Facts()
		results, err := w.Register.Register(ctx, []register.Row{row(strings.ToLower(code))})
		if err != nil || fault(results[0].Fault) != survey.CodeDossierRegistered || w.Facts() != before {
			t.Errorf("%s: %+v %v, %d facts recorded", when, results, err, w.Facts()-before)
		}
	}
	w.Pause()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	results, err := w.Register.Register(short, []register.Row{row(code)})
	if err != nil || results[0].Fault != nil {
		t.Fatalf("not answered while the projection is behind: %+v %v", results, err)
	}
	again("projection behind")
	w.Restart(w.Outbox)
	again("projection behind, restarted")
	w.Resume()
	again("applied")
	w.Restart(w.Outbox)
	again("applied, restarted")

	differs := row(code)
	differs.Desk = "D2"
	results, err = w.Register.Register(ctx, []register.Row{differs})
	if err != nil || fault(results[0].Fault) != survey.CodeDossierDiffers {
		t.Errorf("other particulars: %+v %v", results, err)
	}
}

func TestConcurrentRequestsGiveOneID(t *testing.T) {
	w := registertest.New(t, nil)
	const callers = 16
	rows := make([]register.Row, 20)
	for i := range rows {
		rows[i] = row(fmt.Sprintf("000.00.06.H41-261120-%04d", i))
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]int{}
	for c := range callers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			// Each in another order, so that callers meet at every dossier.
			mine := append(append([]register.Row{}, rows[c:]...), rows[:c]...)
			results, err := w.Register.Register(ctx, mine)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, r := range results {
				if r.Fault == nil {
					ids[r.Code]++
				}
			}
		}()
	}
	wg.Wait()
	for _, r := range rows {
		if ids[r.Code] != 1 {
			t.Errorf("%s: %d ids", r.Code, ids[r.Code])
		}
	}
}

func TestBadRows(t *testing.T) {
	w := registertest.New(t, nil)
	before := w.Facts()
	for name, c := range map[string]struct {
		change func(*register.Row)
		want   survey.Code
	}{
		"no code":         {func(r *register.Row) { r.Code = "" }, survey.CodeMissingField},
		"no desk":         {func(r *register.Row) { r.Desk = "" }, survey.CodeMissingField},
		"no received":     {func(r *register.Row) { r.Received = "" }, survey.CodeMissingField},
		"code":            {func(r *register.Row) { r.Code = "H41" }, survey.CodeBadDossierCode},
		"desk":            {func(r *register.Row) { r.Desk = "nowhere" }, survey.CodeUnknownDesk},
		"unit":            {func(r *register.Row) { r.Unit = "nobody" }, survey.CodeUnknownUnit},
		"closed unit":     {func(r *register.Row) { r.Unit = "OLD" }, survey.CodeUnitClosed},
		"service":         {func(r *register.Row) { r.Service = "other" }, survey.CodeUnknownService},
		"no such day":     {func(r *register.Row) { r.Received = "31/11/2026 09:30" }, survey.CodeBadDate},
		"no such day iso": {func(r *register.Row) { r.Received = "2026-02-29T09:30:00+07:00" }, survey.CodeBadDate},
		"day alone":       {func(r *register.Row) { r.Received = "20/11/2026" }, survey.CodeBadDate},
		"without offset":  {func(r *register.Row) { r.Received = "2026-11-20T09:30:00" }, survey.CodeBadDate},
		"future":          {func(r *register.Row) { r.Received = "24/11/2026 09:30" }, survey.CodeBadReceivedTime},
		"1970":            {func(r *register.Row) { r.Received = "1970-01-01T00:00:00Z" }, survey.CodeBadReceivedTime},
		"due before":      {func(r *register.Row) { r.Due = "19/11/2026" }, survey.CodeDueBeforeReceived},
		"due":             {func(r *register.Row) { r.Due = "soon" }, survey.CodeBadDate},
		"due far":         {func(r *register.Row) { r.Due = "2999-01-01" }, survey.CodeBadDate},
		"long":            {func(r *register.Row) { r.Field = strings.Repeat("x", 401) }, survey.CodeTextTooLong},
		"control":         {func(r *register.Row) { r.Procedure = "a\x00b" }, survey.CodeBadField},
		"officer's name":  {func(r *register.Row) { r.Officer = "Nguyễn Văn A" }, survey.CodeBadField},
	} {
		r := row(code)
		c.change(&r)
		results, err := w.Register.Register(ctx, []register.Row{r})
		if err != nil || fault(results[0].Fault) != c.want {
			t.Errorf("%s: %+v %v, want %s", name, results, err, c.want)
		}
	}
	if w.Facts() != before {
		t.Errorf("%d facts of bad rows", w.Facts()-before)
	}
	for _, n := range []int{0, register.MaxDossiers + 1} {
		if _, err := w.Register.Register(ctx, make([]register.Row, n)); survey.CodeOf(err) != survey.CodeTooMany {
			t.Errorf("%d dossiers: %v", n, err)
		}
	}
}

func TestReprint(t *testing.T) {
	w := registertest.New(t, nil)
	if _, err := w.Reprint(ctx, code); survey.CodeOf(err) != survey.CodeUnknownDossier {
		t.Errorf("unknown dossier: %v", err)
	}
	results, err := w.Register.Register(ctx, []register.Row{row(code)})
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Reprint(ctx, code)
	if err != nil || again.ID == results[0].ID {
		t.Fatalf("reprint %+v %v", again, err)
	}
	known, ok, err := w.Projection.LookupReceipt(ctx, again.ID.Hash())
	if err != nil || !ok || known.Ballot != w.Keys.Ballot(code) {
		t.Errorf("the reprint is of another ballot: %v %v %v", known, ok, err)
	}
	if err := w.Belongs(ctx, again.ID.Hash(), code); err != nil {
		t.Error(err)
	}
	if err := w.Belongs(ctx, again.ID.Hash(), "000.00.06.H41-261120-0001"); survey.CodeOf(err) != survey.CodeUnknownReceipt {
		t.Errorf("another dossier's receipt: %v", err)
	}
}

func TestSlips(t *testing.T) {
	w := registertest.New(t, nil)
	slips, err := w.IssueSlips(ctx, "BV", "DBV", 0, 3)
	if err != nil || len(slips) != 3 {
		t.Fatal(slips, err)
	}
	for _, s := range slips {
		k, ok, err := w.Projection.LookupReceipt(ctx, s.ID.Hash())
		if err != nil || !ok || k.Ballot != s.ID.Hash() || k.Unit != "BV" || k.Desk != "DBV" || k.Service != uint8(survey.ServicePublic) {
			t.Errorf("slip known as %+v %v %v", k, ok, err)
		}
	}
	for want, give := range map[survey.Code]func() error{
		survey.CodeBadCount:    func() error { _, err := w.IssueSlips(ctx, "BV", "", 0, register.MaxSlips+1); return err },
		survey.CodeUnknownUnit: func() error { _, err := w.IssueSlips(ctx, "X", "", 0, 1); return err },
		survey.CodeUnknownDesk: func() error { _, err := w.IssueSlips(ctx, "BV", "X", 0, 1); return err },
		survey.CodeUnitClosed:  func() error { _, err := w.IssueSlips(ctx, "OLD", "", 0, 1); return err },
	} {
		if err := give(); survey.CodeOf(err) != want {
			t.Errorf("want %s: %v", want, err)
		}
	}
}

func TestEvents(t *testing.T) {
	w := registertest.New(t, nil)
	if _, err := w.Register.Register(ctx, []register.Row{row(code)}); err != nil {
		t.Fatal(err)
	}
	send := func() []register.EventResult {
		t.Helper()
		results, err := w.Events(ctx, []register.EventRow{
			{Code: code, Step: "supplement", At: "21/11/2026 10:00", Desk: "D2"},
			{Code: code, Step: "returned", At: "2026-11-22T10:00:00+07:00"},
			{Code: code, Step: "returned", At: "22/11/2026 10:00"}, // the same moment
			{Code: "000.00.06.H41-261120-9999", Step: "returned", At: "22/11/2026 10:00"},
			{Code: code, Step: "received", At: "22/11/2026 10:00"},
			{Code: code, Step: "eaten", At: "22/11/2026 10:00"},
			{Code: code, Step: "refused", At: "19/11/2026 10:00"},
			{Code: code, Step: "refused", At: "31/11/2026 10:00"},
			{Code: code, Step: "refused", At: "24/11/2026 10:00"},
			{Code: code, Step: "refused", At: "22/11/2026 10:00", Desk: "X"},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []survey.Code{"", "", "", survey.CodeUnknownDossier, survey.CodeBadStep, survey.CodeBadStep,
			survey.CodeBadEventTime, survey.CodeBadDate, survey.CodeBadEventTime, survey.CodeUnknownDesk}
		for i, r := range results {
			if fault(r.Fault) != want[i] {
				t.Errorf("event %d: %v, want %q", i, r.Fault, want[i])
			}
		}
		return results
	}
	w.Pause()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := w.Events(short, []register.EventRow{{Code: code, Step: "supplement", At: "21/11/2026 10:00"}}); err != nil {
		t.Fatal(err)
	}
	w.Resume()
	if r := send(); r[0].New || !r[1].New || r[2].New {
		t.Errorf("first time: %+v", r)
	}
	before := w.Facts()
	if r := send(); r[0].New || r[1].New || r[2].New || w.Facts() != before {
		t.Errorf("second time: %+v, %d facts", r, w.Facts()-before)
	}
}

// failing refuses to store.
type failing struct{ err error }

func (f failing) Append(context.Context, ...fact.Entry) ([]fact.Ref, error) { return nil, f.err }

// unconfirmed stores, and does not get a second copy.
type unconfirmed struct{ w *registertest.World }

func (u unconfirmed) Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	refs, err := u.w.Outbox.Append(ctx, entries...)
	return refs, errors.Join(err, errors.New("no answer"))
}

func TestNotRecordedIsNotAnswered(t *testing.T) {
	w := registertest.New(t, nil)
	for want, cause := range map[survey.Code]error{
		survey.CodeStorageFailing: errors.New("disk"),
		survey.CodeBusy:           fmt.Errorf("not recorded: %w", context.DeadlineExceeded),
		survey.CodeUnconfirmed:    survey.New(survey.CodeUnconfirmed),
	} {
		w.Restart(failing{cause})
		results, err := w.Register.Register(ctx, []register.Row{row(code)})
		if survey.CodeOf(err) != want || results != nil {
			t.Errorf("%v: %+v %v", cause, results, err)
		}
	}
	w.Pause()
	w.Restart(unconfirmed{w})
	if _, err := w.Register.Register(ctx, []register.Row{row("000.00.06.H41-261120-0001")}); survey.CodeOf(err) != survey.CodeUnconfirmed {
		t.Errorf("stored without a second copy: %v", err)
	}
	results, err := w.Register.Register(ctx, []register.Row{row("000.00.06.H41-261120-0001")})
	if err != nil || fault(results[0].Fault) != survey.CodeDossierRegistered {
		t.Errorf("asked again: %+v %v", results, err)
	}
	// Nothing remains of what was not stored: the next try registers.
	w.Resume()
	w.Restart(w.Outbox)
	if results, err := w.Register.Register(ctx, []register.Row{row(code)}); err != nil || results[0].Fault != nil {
		t.Errorf("after the fault: %+v %v", results, err)
	}
}
