package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"hailong/server/access"
)

// watched is a browser of which is noted what it asks other hosts for, and what
// its pages were kept from.
type watched struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	own    []string // beginnings of the addresses that it may ask
	asked  int
	faults []string
}

func watch(t *testing.T, own ...string) *watched {
	t.Helper()
	w := &watched{t: t, ctx: browse(t), own: append(own, "data:", "blob:", "about:")}
	err := chromedp.Listen(w.ctx, func(event any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			w.asked++
			if !slices.ContainsFunc(w.own, func(begin string) bool { return strings.HasPrefix(e.Request.URL, begin) }) {
				w.faults = append(w.faults, "asks another host: "+e.Request.URL)
			}
		case *network.EventWebSocketCreated:
			w.faults = append(w.faults, "opens a socket: "+e.URL)
		case *log.EventEntryAdded:
			if text := e.Entry.Text; strings.Contains(text, "Content Security Policy") {
				w.faults = append(w.faults, "against the policy: "+text)
			}
		case *runtime.EventExceptionThrown:
			w.faults = append(w.faults, "a script failed: "+e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watched) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		w.t.Fatal(err)
	}
}

// inline lists what of a page the policy is there to keep out: scripts, styles
// and handlers within it. A block of data is not run.
const inline = `[...document.querySelectorAll("*")].flatMap(e => [
	...e.tagName === "SCRIPT" && !e.src && e.type !== "application/json" ? ["<script>"] : [],
	...e.tagName === "STYLE" ? ["<style>"] : [],
	...e.getAttributeNames().filter(n => /^on/.test(n)).map(n => e.tagName + " " + n),
	...["href", "src", "action", "formaction"].filter(n => e.hasAttribute(n) && e.tagName !== "A")
		.map(n => new URL(e.getAttribute(n), location.href)).filter(u => u.origin !== location.origin && u.protocol !== "data:").map(u => e.tagName + " " + u),
]).join("; ")`

// see opens a page, waits for what it loads, and gives what is wrong with it.
func (w *watched) see(address string) []string {
	w.t.Helper()
	w.do(chromedp.Navigate(address))
	within, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](inline))
	if err != nil {
		w.t.Fatal(address, err)
	}
	w.do(chromedp.Navigate("about:blank")) // what was asked late belongs to this page, too
	w.mu.Lock()
	defer w.mu.Unlock()
	faults := w.faults
	w.faults = nil
	if within != "" {
		faults = append(faults, "within the page: "+within)
	}
	return faults
}

// TestEveryPageKeepsToItself opens every page of the server, as who may see it,
// and the kiosk's screens: none asks another host for anything, and none has a
// script or style within it, which the policy would not let run.
func TestEveryPageKeepsToItself(t *testing.T) {
	s := start(t, t.TempDir()+"/server")
	s.organise(alwaysOpen)
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2))
	s.byPhone(receipts[1].ID, "2")

	w := watch(t, s.url+"/", k.url+"/")
	seen := 0
	check := func(who, address string) {
		t.Helper()
		seen++
		for _, fault := range w.see(address) {
			t.Errorf("%s as %s: %s", address, who, fault)
		}
	}
	// The routes that show pages, to who may see them.
	pages := map[string][]string{}
	admin, contact := s.guest(access.Administrator, ""), s.guest(access.Contact, "VINH")
	for _, route := range s.app.GetRoutes(true) {
		rule, ok := access.RuleOf(route.Method, route.Path)
		if route.Method != http.MethodGet || !ok {
			continue
		}
		path, who, headers := filled(rule, receipts[0].ID, "VPUB", "MC-VPUB"), "nobody", []string(nil)
		switch {
		case rule.May == nil:
		case slices.Contains(rule.May, access.Administrator):
			who, headers = "administrator", admin.headers
		case slices.Contains(rule.May, access.Contact):
			who, headers = "contact", contact.headers
		default:
			continue
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/html")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close() // a live page's goes on for ever
		if kind := res.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/html") {
			pages[who] = append(pages[who], path)
		}
	}
	pages["nobody"] = append(pages["nobody"], "/r/"+receipts[1].ID, "/nowhere", "/r/KHONG-CO", "/signin?lang=en")
	pages["administrator"] = append(pages["administrator"], "/?period=year", "/status?lang=en", "/desk/KHONG-CO")
	for _, who := range []string{"nobody", "administrator", "contact"} {
		switch who {
		case "administrator":
			w.do(admin.signIn(s))
		case "contact":
			w.do(contact.signIn(s))
		}
		for _, path := range pages[who] {
			check(who, s.url+path)
		}
	}
	if seen < 35 {
		t.Errorf("only %d pages: %v", seen, pages)
	}

	// The kiosk, screen by screen; the desk's camera is not there.
	w.do(chromedp.Navigate(k.url+"/"), chromedp.WaitVisible("#start"),
		chromedp.Click("#begin"), chromedp.WaitVisible("#type"), chromedp.Click("#type"), chromedp.WaitVisible("#scan"),
		chromedp.KeyEvent(receipts[0].ID+"\r"), chromedp.WaitVisible("#faces"),
		chromedp.Click(`#faces button[value="5"]`), chromedp.WaitVisible("#thanks"))
	for _, path := range []string{"/", "/?lang=en", "/privacy", "/staff", "/nowhere"} {
		check("citizen", k.url+path)
	}

	// What this test looks for is found where it is.
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/inline" {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'")
		}
		fmt.Fprint(w, map[string]string{
			"/inline": `<p style="color:red" onclick="x()">x</p><script>1</script>`,
			"/other":  `<img src="http://127.0.0.9:9/x.png">`,
		}[r.URL.Path])
	}))
	defer bad.Close()
	w.mu.Lock()
	w.own = append(w.own, bad.URL)
	w.mu.Unlock()
	for path, want := range map[string]string{"/inline": "against the policy", "/other": "asks another host"} {
		if faults := strings.Join(w.see(bad.URL+path), "\n"); !strings.Contains(faults, want) || !strings.Contains(faults, "within the page") {
			t.Errorf("%s would not be found: %s", path, faults)
		}
	}
}
