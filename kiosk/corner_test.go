package kiosk_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/kiosk"
)

// testPIN is that of the kiosks of these tests.
const testPIN = "240913"

func withPIN(o *kiosk.Options) { o.PIN = testPIN }

// statusOf asks for the status as a program does.
func (d *device) statusOf(t testing.TB, pin string) (*http.Response, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/status", nil)
	if pin != "" {
		r.Header.Set("Authorization", "Bearer "+pin)
	}
	res, err := d.app.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var s map[string]any
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return res, s
}

// enter gives the PIN, and the page behind it.
func (d *device) enter(t testing.TB, query string) (address, page string) {
	t.Helper()
	res, body := d.form(t, "/staff"+query, "pin", testPIN)
	if address = res.Header.Get("Location"); res.StatusCode != 303 || !strings.HasPrefix(address, "/staff/status/") {
		t.Fatalf("%d %s %s", res.StatusCode, address, body)
	}
	res, page = d.ask(t, address, "", "")
	if res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" || len(res.Cookies()) > 0 {
		t.Fatalf("%d %v %s", res.StatusCode, res.Header, page)
	}
	return address, page
}

func TestStatusForStaff(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	at := func() time.Time { return now }
	d := newDevice(t, at, withPIN, func(o *kiosk.Options) { o.ServerTime = func() (time.Time, bool) { return at(), true } })
	hours, err := survey.ParseHours("T2-T6 07:30-11:30")
	if err != nil {
		t.Fatal(err)
	}
	d.set(func() {
		d.status = kiosk.Status{
			Kiosk: "K01", Origin: strings.Repeat("ab", 16), Admitted: true, Enrolled: true, Server: "https://10.1.2.3:8080", Fingerprint: "ab12 cd34", Backlog: 1234, OldestUnsent: now.Add(-time.Hour), WordsUnsent: 56,
			LastContact: now.Add(-time.Minute), ClockOffset: -1500 * time.Millisecond, ClockKnown: true, Facts: 5678, Bytes: 3 << 20,
		}
		d.config.Hours = hours
	})
	_, page := d.enter(t, "")
	for _, want := range []string{"K01", strings.Repeat("ab", 16), "1.234", "08:30 23/11/2026", "09:29 23/11/2026", "−1,5 giây", "5.678 · 3,0 MiB", "VPUB-1", "1.2.3", "<td>56</td>", "<td>https://10.1.2.3:8080</td>", "<td>ab12 cd34</td>", "T2-T6 07:30-11:30 (đang mở)", "Máy hoạt động bình thường"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if _, page := d.enter(t, "?lang=en"); !strings.Contains(page, "The kiosk works normally") || !strings.Contains(page, "07:30-11:30 (open now)") {
		t.Error(page)
	}
	res, s := d.statusOf(t, testPIN)
	if res.StatusCode != 200 || s["backlog"] != 1234.0 || s["words_unsent"] != 56.0 || s["last_contact"] != "2026-11-23T02:29:00Z" || s["clock_offset_ms"] != -1500.0 || s["asleep"] != false {
		t.Errorf("%v", s)
	}
}

// Whoever comes after the staff, and reloads or goes back, finds nothing.
func TestTheCornerIsShownOnce(t *testing.T) {
	d := newDevice(t, nil, withPIN)
	address, page := d.enter(t, "")
	for range 2 {
		if res, page := d.ask(t, address, "", ""); res.StatusCode != 303 || res.Header.Get("Location") != "/staff" || page != "" {
			t.Errorf("shown again: %d %s", res.StatusCode, page)
		}
	}
	word := hidden(t, page, "ticket")
	id := newID(t).String()
	head := d.outbox.Head()
	for scan, want := range map[string]string{
		id: "mã giấy hẹn", "000.17.22.H41-261123-0001": "mã hồ sơ", "xin chào": "Máy chưa đọc được mã này", "": "Chưa có mã nào", strings.Repeat("4K", 2048): "dài quá",
	} {
		res, _ := d.form(t, "/staff/scan", "ticket", word, "scan", scan)
		if res.StatusCode != 303 {
			t.Fatal(res.StatusCode)
		}
		_, page := d.ask(t, res.Header.Get("Location"), "", "")
		if !strings.Contains(page, want) || scan != "" && strings.Contains(page, scan) {
			t.Errorf("%.40s: not %q in %s", scan, want, page)
		}
		used := word
		word = hidden(t, page, "ticket")
		if res, page := d.form(t, "/staff/scan", "ticket", used, "scan", id); res.StatusCode != 401 || strings.Contains(page, "mã giấy hẹn") {
			t.Errorf("a ticket was taken twice: %d", res.StatusCode)
		}
	}
	if d.outbox.Head() != head {
		t.Error("a test scan was recorded")
	}
}

func TestWrongPIN(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	var mu sync.Mutex
	later := func(by time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(by) }
	d := newDevice(t, func() time.Time { mu.Lock(); defer mu.Unlock(); return now }, withPIN)
	try := func(pin string) (status int, said string) {
		t.Helper()
		res, page := d.form(t, "/staff", "pin", pin)
		if res.StatusCode == 303 {
			return 303, ""
		}
		if strings.Contains(page, "abab") || strings.Contains(page, testPIN) {
			t.Error(page)
		}
		if res.StatusCode == 429 && res.Header.Get("Retry-After") == "" {
			t.Error("nothing says when to try again")
		}
		at := strings.Index(page, `role="alert"`)
		if at < 0 {
			t.Fatalf("%d %s", res.StatusCode, page)
		}
		return res.StatusCode, page[at : at+120]
	}
	_, first := try("")
	for _, pin := range []string{"000000", testPIN + "0"} {
		if status, said := try(pin); status != 401 || said != first {
			t.Errorf("%s: %d %s", pin, status, said)
		}
	}
	// From the third on each costs a wait, in which the right one opens nothing.
	waited := []time.Duration{}
	for range 9 {
		if status, said := try(testPIN); status != 429 || said != first {
			t.Fatalf("%d %s, after %v", status, said, waited)
		}
		wait := time.Duration(0)
		for status := 429; status == 429; status, _ = try("111111") {
			wait += time.Second
			later(time.Second)
		}
		waited = append(waited, wait)
	}
	for i := 1; i < len(waited); i++ {
		if waited[i] < waited[i-1] || waited[i] > time.Minute || i < 4 && waited[i] < 2*waited[i-1] {
			t.Errorf("waits do not grow to a minute: %v", waited)
		}
	}
	later(time.Minute)
	if status, _ := try(testPIN); status != 303 {
		t.Error("the right PIN opens nothing:", status)
	}
	if status, _ := try("000000"); status != 401 {
		t.Error("a slip after the right PIN costs a wait:", status)
	}
}

func TestStatusNeedsThePIN(t *testing.T) {
	d := newDevice(t, nil, withPIN)
	for _, pin := range []string{"", "000000", testPIN[:5]} {
		if res, s := d.statusOf(t, pin); res.StatusCode != 401 || s["code"] != string(survey.CodeUnauthorised) || s["backlog"] != nil {
			t.Errorf("%q: %d %v", pin, res.StatusCode, s)
		}
	}
	if res, page := d.ask(t, "/status", "", ""); res.StatusCode != 303 || res.Header.Get("Location") != "/staff" || page != "" {
		t.Errorf("a browser: %d %s", res.StatusCode, page)
	}
	r := httptest.NewRequest(http.MethodPost, "/staff", strings.NewReader("pin=1"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := d.app.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p httpx.Problem
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil || res.StatusCode != p.Code.Status() || p.Message == "" {
		t.Errorf("%d %+v %v", res.StatusCode, p, err)
	}
	// Without a PIN nobody is let in, not even with none.
	d = newDevice(t, nil)
	for _, pin := range []string{"", testPIN} {
		if res, _ := d.form(t, "/staff", "pin", pin); res.StatusCode != 401 {
			t.Errorf("%q: %d", pin, res.StatusCode)
		}
	}
}
