package kiosk_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hailong/internal/enrolment"
	"hailong/internal/survey"
	"hailong/kiosk"
)

// faraway stands for the servers, at the other end of the wire.
type faraway struct {
	mu     sync.Mutex
	pin    enrolment.Pin
	pinErr error
	err    error
	asked  []string // what the device was to bring, and where
}

func (f *faraway) Pin(context.Context, string) (enrolment.Pin, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pin, f.pinErr
}

func (f *faraway) Enrol(_ context.Context, server string, pin enrolment.Pin, code, language string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := pin.MarshalText()
	f.asked = append(f.asked, strings.Join([]string{server, string(text), code, language}, "|"))
	return errors.Join(err, f.err)
}

func withServers(f *faraway) func(*kiosk.Options) { return func(o *kiosk.Options) { o.Enroller = f } }

// openEnrol opens the form in the corner, and gives its ticket.
func (d *device) openEnrol(t *testing.T, query string) (ticket string) {
	t.Helper()
	_, page := d.enter(t, query)
	page = d.follow(t, "/staff/enrol"+query, "ticket", hidden(t, page, "ticket"))
	if !strings.Contains(page, `name="code"`) {
		t.Fatal(page)
	}
	return hidden(t, page, "ticket")
}

// follow sends a form, and gives the page that comes of it.
func (d *device) follow(t *testing.T, path string, values ...string) (page string) {
	t.Helper()
	res, body := d.form(t, path, values...)
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s: %d %s", path, res.StatusCode, body)
	}
	res, page = d.ask(t, res.Header.Get("Location"), "", "")
	if res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s: %d %s", path, res.StatusCode, page)
	}
	return page
}

// Where nobody vouches for the server, staff compare what it is known by, and
// only then is the code brought there.
func TestEnrolInTheCorner(t *testing.T) {
	f := &faraway{pin: enrolment.Pin{0xab, 0xcd, 0x12}}
	d := newDevice(t, nil, withPIN, withServers(f))
	d.set(func() { d.status = kiosk.Status{Fingerprint: "ab12 cd34"} })
	page := d.follow(t, "/staff/enrol", "ticket", d.openEnrol(t, ""), "server", " 10.1.2.3:8080 ", "code", "4KPQ-2801")
	if !strings.Contains(page, "abcd 1200 0000") || !strings.Contains(page, "https://10.1.2.3:8080") || !strings.Contains(page, "ab12 cd34") || len(f.asked) > 0 {
		t.Fatal(page, f.asked)
	}
	ticket := hidden(t, page, "ticket")
	if page = d.follow(t, "/staff/enrol", "ticket", ticket, "confirm", "yes"); !strings.Contains(page, "Máy đã được ghi danh.") {
		t.Error(page)
	}
	want := []string{"https://10.1.2.3:8080|" + f.pin.String() + "|4KPQ-2801|vi"}
	if diff := cmp.Diff(want, f.asked); diff != "" {
		t.Error(diff)
	}
	if res, _ := d.form(t, "/staff/enrol", "ticket", ticket, "confirm", "yes"); res.StatusCode != 401 || len(f.asked) > 1 {
		t.Error("a page's form works twice:", res.StatusCode, f.asked)
	}
}

func TestEnrolWithAServerThatIsKnown(t *testing.T) {
	f := &faraway{}
	d := newDevice(t, nil, withPIN, withServers(f))
	page := d.follow(t, "/staff/enrol?lang=en", "ticket", d.openEnrol(t, "?lang=en"), "server", "https://hailong.example.vn", "code", "4KPQ2801")
	if !strings.Contains(page, "The kiosk is enrolled.") {
		t.Error(page)
	}
	if diff := cmp.Diff([]string{"https://hailong.example.vn||4KPQ2801|en"}, f.asked); diff != "" {
		t.Error(diff)
	}
}

// What goes wrong is one sentence, and the form is there again.
func TestEnrolProblems(t *testing.T) {
	f := &faraway{}
	d := newDevice(t, nil, withPIN, withServers(f))
	ticket := d.openEnrol(t, "")
	for _, c := range []struct {
		pinErr, err  error
		server, code string
		want         string
	}{
		{nil, nil, "10.1.2.3", "", "Bạn cần nhập cả địa chỉ"},
		{nil, nil, "", "4KPQ", "Bạn cần nhập cả địa chỉ"},
		{errors.New("dial tcp: secret"), nil, "10.1.2.3", "4KPQ", "Không có máy chủ của hệ thống ở địa chỉ này"},
		{nil, survey.New(survey.CodeEnrolmentCode), "10.1.2.3", "4KPQ", "Mã ghi danh không đúng"},
		{nil, survey.New(survey.CodeKeyRevoked), `10.1.2.3"><script>`, "4KPQ", "đã bị thu hồi"},
		{nil, errors.New("goroutine 1"), "10.1.2.3", "4KPQ", "Không có máy chủ của hệ thống ở địa chỉ này"},
	} {
		f.pinErr, f.err = c.pinErr, c.err
		page := d.follow(t, "/staff/enrol", "ticket", ticket, "server", c.server, "code", c.code)
		if !strings.Contains(page, c.want) || !strings.Contains(page, `role="alert"`) || strings.Contains(page, "secret") || strings.Contains(page, "goroutine") || strings.Contains(page, "<script>") {
			t.Errorf("%+v: %s", c, page)
		}
		ticket = hidden(t, page, "ticket")
	}
	for _, form := range [][]string{
		{"server", "10.1.2.3", "code", "4KPQ"}, {"ticket", "x", "server", "10.1.2.3", "code", "4KPQ"}, {"ticket", ticket, "server", strings.Repeat("x", 300), "code", "4KPQ"},
		{"ticket", ticket, "pin", "x"}, {"ticket", ticket, "confirm", "yes"},
	} {
		if res, _ := d.form(t, "/staff/enrol", form...); res.StatusCode < 400 || res.StatusCode > 499 {
			t.Errorf("%q: %d", form, res.StatusCode)
		}
	}
	if res, _ := d.ask(t, "/staff/enrol/"+strings.Repeat("0", 32), "", ""); res.StatusCode != 303 || res.Header.Get("Location") != "/staff" {
		t.Error("a page without a ticket:", res.StatusCode)
	}
	// Without somebody to ask there is no form.
	plain := newDevice(t, nil, withPIN)
	if _, page := plain.enter(t, ""); strings.Contains(page, "/staff/enrol") {
		t.Error("a form that leads nowhere")
	}
}
