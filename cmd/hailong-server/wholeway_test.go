package main

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/api"
)

// live follows a desk's stream until the test ends, and keeps the number of
// answers that it said last.
func (s *station) live(desk string) <-chan int64 {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+"/desk/"+desk+"/live", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	res, err := (&http.Client{}).Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		s.t.Fatal(res.Status, res.Header)
	}
	numbers := make(chan int64, 100)
	go func() {
		defer res.Body.Close()
		defer close(numbers)
		lines, named := bufio.NewScanner(res.Body), false
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				named = lines.Text() == "event: numbers"
				continue
			}
			var n struct{ Number int64 }
			if named && json.Unmarshal([]byte(data), &n) == nil {
				numbers <- n.Number
			}
		}
	}()
	return numbers
}

// until waits for a number of a stream.
func until(t testing.TB, numbers <-chan int64, want int64) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for last := int64(-1); last != want; {
		select {
		case n, open := <-numbers:
			if !open {
				t.Fatalf("the stream ended at %d, not %d", last, want)
			}
			last = n
		case <-limit:
			t.Fatalf("the stream says %d, not %d", last, want)
		}
	}
}

// code is a dossier code of the usual form.
func code(n int) string { return fmt.Sprintf("000.00.17.H41-261123-%04d", n) }

// TestWholeWay goes from the organisation file to the index by every way in
// which people rate.
func TestWholeWay(t *testing.T) {
	s := organised(t)
	k := startKiosk(t, s.url, t.TempDir())
	late := startKiosk(t, s.url, t.TempDir())
	numbers := s.live("MC-VPUB")
	until(t, numbers, 0)

	// Before it is admitted a kiosk takes receipts, and they wait on its disk.
	s.admit("K01", k.key())
	k.placed()
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3), code(4), code(5), code(6), code(7), code(8))
	late.rate(receipts[7].ID, 5, "")

	// By URL, by the bare id, by id as a person types it, by the dossier's code.
	k.rate(receipts[0].URL, 5, "")
	until(t, numbers, 1)
	k.rate(receipts[1].ID, 4, "")
	k.rate(strings.ToLower(receipts[2].Grouped), 3, "")
	k.rate(code(4), 5, "")
	k.rate("", 1, "") // a walk-in, who stands beside the index
	// A code of which nobody has heard yet waits, and counts once it is registered.
	k.rate(code(100), 5, "")
	s.has(k)
	until(t, numbers, 4)
	if row := s.index("VPUB", "administrative"); row.Answers != 0 || row.Waiting != 4 {
		t.Errorf("four ballots do not show, lest one be unmasked: %+v", row)
	}
	k.past()
	// By phone, another mind: the latest counts. (Once five are shown, one change
	// alone would not be: it could be told whose it is.)
	if a := s.byPhone(receipts[2].ID, "2"); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/r/"+receipts[2].ID+"/more?t=") {
		t.Errorf("by phone: %d %v", a.status, a.header)
	}
	if a := look(t, s.url+"/r/"+receipts[2].ID+"/thanks"); a.status != 200 || !strings.Contains(a.body, "Đã ghi nhận") || strings.Contains(a.body, "score") {
		t.Errorf("thanks: %d %s", a.status, a.body)
	}
	s.settled()
	// By CSV; then what was rated before is known.
	var imported api.ImportResult
	s.post("/api/v1/receipts/import", "text/csv", "mã hồ sơ;bộ phận một cửa;thời gian nhận\n"+code(100)+";MC-VPUB;"+
		time.Now().Add(-time.Hour).In(survey.Zone).Format("02/01/2006 15:04")+"\n"+code(101)+";KHONG-CO;01/11/2026 08:00\n", 200, &imported)
	if len(imported.New) != 1 || len(imported.Faults) != 1 || imported.Faults[0].Line != 3 {
		t.Errorf("import: %+v", imported)
	}
	until(t, numbers, 5)
	row := s.index("VPUB", "administrative")
	if row.Answers != 5 || row.Satisfied != 4 || row.Scores != (api.Scores{Two: 1, Four: 1, Five: 3}) || row.WalkIns != 1 ||
		row.Channels != (api.Channels{Kiosk: 4, Phone: 1}) || row.Bindings != (api.Bindings{Receipt: 3, Dossier: 2}) || row.Changed != 1 {
		t.Errorf("index: %+v", row)
	}
	if row.Verdict == nil || *row.Verdict != survey.VerdictTooFew || row.Target == nil || row.Participation.Dossiers != 9 || row.Participation.Rated != 5 {
		t.Errorf("verdict and participation: %+v %+v", row.Verdict, row.Participation)
	}

	// The late kiosk is admitted; what it recorded counts from the first on.
	s.admit("K02", late.key())
	until(t, numbers, 6)
	late.placed()

	// A slip is a ballot of its own, for the other kind of service.
	var slips api.Slips
	s.postJSON("/api/v1/slips?pictures=false", api.SlipRequest{Unit: "BVDK-VINH", Desk: "DG-BVDK-VINH", Count: 5}, 201, &slips)
	for _, slip := range slips.Slips {
		late.rate(slip.URL, 4, "")
	}
	s.has(late)
	if row := s.index("BVDK-VINH", "public"); row.Answers != 5 || row.Satisfied != 5 || row.Participation.Dossiers != 5 {
		t.Errorf("slips: %+v", row)
	}

	a := look(t, s.url+"/desk/MC-VPUB", s.operator()...)
	if a.status != 200 || !strings.Contains(a.body, "Bộ phận một cửa Văn phòng UBND tỉnh") {
		t.Errorf("desk page: %d", a.status)
	}
	if a := look(t, s.url+"/desk/MC-VPUB", append(s.operator(), "Accept-Language", "en")...); !strings.Contains(a.body, "One-stop desk, Office of the People") {
		t.Error("the desk page is not in English where asked for")
	}
	for _, line := range []string{"route=/desk/:code ", "route=/r/:id ", "route=/api/v1/receipts ", "level=INFO msg=request"} {
		if !strings.Contains(s.book.String(), line) {
			t.Errorf("the log has no %q", line)
		}
	}
	s.keepsSecrets(t, append(receipts, slips.Slips...), k.text()+late.text())
}

// keepsSecrets looks for what lets its holder rate or rule, and for codes, in
// everything that was logged.
func (s *station) keepsSecrets(t *testing.T, receipts []api.Receipt, more string) {
	t.Helper()
	logged := strings.ToUpper(s.book.String() + more)
	secrets := []string{s.token, "261123-0", "H41-261123"}
	for _, r := range receipts {
		secrets = append(secrets, r.ID[:16], r.Grouped)
	}
	for _, secret := range secrets {
		if strings.Contains(logged, strings.ToUpper(secret)) {
			t.Errorf("%q was logged", secret)
		}
	}
}

// A rating may arrive before its receipt does, as from a server behind a slow
// link: it is thanked, waits, and counts.
func TestRatingBeforeItsReceipt(t *testing.T) {
	s := organised(t)
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	var entries []fact.Entry
	for n := range 5 {
		id, err := receipt.NewID(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		k.rate(id.String(), 5, "")
		ballot, hash := s.keys.Ballot(code(n)), id.Hash()
		entries = append(entries,
			fact.Entry{Kind: fact.KindReceipt, Body: &fact.Receipt{Hash: hash[:], Ballot: ballot[:]}},
			fact.Entry{Kind: fact.KindDossier, Body: &fact.Dossier{
				Ballot: ballot[:], Desk: "MC-VPUB", Unit: "VPUB", Service: uint8(survey.ServiceAdministrative), Received: time.Now().Add(-time.Hour).UnixMilli()}})
	}
	s.has(k)
	if row := s.index("VPUB", "administrative"); row.Answers != 0 {
		t.Errorf("%+v", row)
	}
	if _, err := s.Append(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
	s.settled()
	if row := s.index("VPUB", "administrative"); row.Answers != 5 {
		t.Errorf("%+v", row)
	}
}

// After the window the phone says so kindly and takes nothing; a result that is
// returned opens it again, also for what came meanwhile.
func TestWindow(t *testing.T) {
	s := organised(t)
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	long := time.Now().AddDate(0, 0, -40).Format(time.RFC3339)
	receipts := s.register("MC-VPUB", long, code(1), code(2), code(3), code(4), code(5))
	address := s.url + "/r/" + receipts[0].ID
	if a := look(t, address); a.status != 200 || strings.Contains(a.body, `name="score"`) {
		t.Errorf("closed: %d %s", a.status, a.body)
	}
	head := s.outbox.Head()
	if a := s.byPhone(receipts[0].ID, "5"); a.status != http.StatusGone || strings.Contains(a.body, "HL") || s.outbox.Head() != head {
		t.Errorf("closed, and yet: %d %s", a.status, a.body)
	}
	for _, r := range receipts {
		k.rate(r.ID, 5, "")
	}
	s.has(k)
	if row := s.index("VPUB", "administrative"); row.Answers+row.Waiting != 0 {
		t.Errorf("after the window: %+v", row)
	}
	var events []map[string]string
	for n := 1; n <= 5; n++ {
		events = append(events, map[string]string{"code": code(n), "step": "returned", "at": anHourAgo()})
	}
	s.postJSON("/api/v1/dossiers/events", map[string]any{"events": events}, 200, nil)
	if row := s.index("VPUB", "administrative"); row.Answers != 5 || row.Participation.Dossiers != 5 {
		t.Errorf("after the event: %+v", row)
	}
	if a := look(t, address); a.status != 200 || !strings.Contains(a.body, `name="score"`) {
		t.Errorf("open again: %d %s", a.status, a.body)
	}
	if a := s.byPhone(receipts[0].ID, "1"); a.status != 303 {
		t.Errorf("open again: %d %s", a.status, a.body)
	}
}

// «Đã ghi nhận» is said of what is on the disk: where the disk fails, a calm
// page says so.
func TestNoThanksWithoutCommit(t *testing.T) {
	s := organised(t)
	id := s.register("MC-VPUB", anHourAgo(), code(1))[0].ID
	before := s.outbox.Head().Number
	if a := s.byPhone(id, "4"); a.status != 303 || s.outbox.Head().Number != before+1 {
		t.Errorf("%d, %d facts more", a.status, s.outbox.Head().Number-before)
	}
	s.settled()
	if err := s.outbox.Close(); err != nil {
		t.Fatal(err)
	}
	for language, sentence := range map[string]string{"vi": "Xin", "en": "Please"} {
		a := ask(t, "POST", s.url+"/r/"+id+"?lang="+language, "score=4", "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
		if a.status != 503 && a.status != 500 || !strings.Contains(a.body, sentence) || strings.Contains(a.body, "Đã ghi nhận") || strings.Contains(a.body, "sql") {
			t.Errorf("%s: %d %s", language, a.status, a.body)
		}
	}
	s.outbox = nil // given back already
}

// The forms of dossier codes in the settings reach registration, the scanners
// and what the kiosk keeps for starts without a connection.
func TestDossierPatterns(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "server"))
	s.organise(func(text string) string {
		return strings.Replace(text, "    sample: true\n", "    sample: true\n    dossier_patterns: ['HS(\\d{4})/?(\\d{2})']\n", 1)
	})
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	s.register("MC-VPUB", anHourAgo(), "HS000126", "HS0002/26", "HS0003/26", "HS0004/26", "HS0005/26")
	for _, scan := range []string{"hs0001/26", "HS000226", "HS 0003/26", "HS000426"} {
		k.rate(scan, 5, "")
	}
	refused := func(k *counter) {
		t.Helper()
		a := ask(t, "POST", k.url+"/api/v1/ratings", `{"scan":"`+code(1)+`","score":5}`, "Content-Type", "application/json")
		if a.status != 400 || !strings.Contains(a.body, string(survey.CodeUnknownScan)) {
			t.Errorf("a code of no form in force: %d %s", a.status, a.body)
		}
	}
	refused(k)
	if a := look(t, k.url+"/?lang=en"); !strings.Contains(a.body, "One-stop desk, Office of the People") {
		t.Error("the kiosk does not know its desk's English name")
	}
	s.has(k)
	// Again without any server.
	if code, _ := k.process.stop(); code != 0 {
		t.Errorf("the kiosk ended with %d", code)
	}
	again := startKiosk(t, s.url, k.data, "--nats=nats://127.0.0.1:1")
	again.rate("HS000526", 5, "")
	refused(again)
	if code, _ := again.process.stop(); code != 0 {
		t.Errorf("the kiosk ended with %d", code)
	}
	k = startKiosk(t, s.url, k.data)
	s.has(k)
	if row := s.index("VPUB", "administrative"); row.Answers != 5 || row.Bindings.Dossier != 5 {
		t.Errorf("%+v", row)
	}
}

// The document describes the routes that the real server has.
func TestDocumentOfTheRealServer(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "server"))
	if odd := api.Undocumented(s.app); len(odd) > 0 {
		t.Error(strings.Join(odd, "\n"))
	}
	a := ask(t, "GET", s.url+"/openapi.json", "")
	var document struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(a.body), &document); err != nil || a.status != 200 || document.OpenAPI != "3.1.0" || len(document.Paths) < 10 {
		t.Errorf("%d %v %.200s", a.status, err, a.body)
	}
}
