package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/api"
)

// station is a real server of this process, on ports of its own.
type station struct {
	*server
	t     testing.TB
	url   string
	token string
	book  *logBook
	stop  func() // ends it and gives everything back; the test's end does too
}

// logBook is what a server logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// flags reads flags as the command does, defaults and all.
func flags(t testing.TB, args ...string) *serveCmd {
	t.Helper()
	var c cli
	parser, err := kong.New(&c)
	if err == nil {
		_, err = parser.Parse(append([]string{"serve", "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0"}, args...))
	}
	if err != nil {
		t.Fatal(err)
	}
	return &c.Serve
}

// start starts a server on a data folder; further flags may say more.
func start(t testing.TB, data string, args ...string) *station {
	t.Helper()
	s := &station{t: t, book: &logBook{}}
	log := slog.New(slog.NewTextHandler(s.book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	if s.server, err = flags(t, append([]string{"--data=" + data}, args...)...).open(ctx, log); err != nil {
		cancel()
		t.Fatal(err)
	}
	s.url = "http://" + s.Addr()
	if s.token, err = api.ReadToken(filepath.Join(data, "operator.token")); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the server ended: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
	})
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", tail(s.book.String(), 4000))
		}
	})
	return s
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// organised is a server with the example organisation of 2018.
func organised(t testing.TB, args ...string) *station {
	t.Helper()
	s := start(t, filepath.Join(t.TempDir(), "server"), args...)
	s.organise(nil)
	return s
}

// organise loads the example organisation, edited.
func (s *station) organise(edit func(string) string) {
	s.t.Helper()
	data, err := os.ReadFile("../../deploy/example/nghe-an-2018.yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	text := string(data)
	if edit != nil {
		if text = edit(text); text == string(data) {
			s.t.Fatal("the example has other lines by now")
		}
	}
	s.post("/api/v1/organisation", "application/yaml", text, 200, nil)
}

// answer is a response that was read.
type answer struct {
	status int
	header http.Header
	body   string
}

// client follows no redirect, so that tests see them.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       30 * time.Second,
}

// ask sends a request. headers are names and values in turn.
func ask(t testing.TB, method, address, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(data)}
}

// look gets a page as a browser does.
func look(t testing.TB, address string, headers ...string) answer {
	t.Helper()
	return ask(t, "GET", address, "", append([]string{"Accept", "text/html,*/*"}, headers...)...)
}

// post sends what an operator or program sends, and reads the answer into a
// value where one is given.
func (s *station) post(path, contentType, body string, want int, into any) {
	s.t.Helper()
	a := ask(s.t, "POST", s.url+path, body, "Authorization", "Bearer "+s.token, "Content-Type", contentType, "Accept-Language", "en")
	if a.status != want {
		s.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(a.body), into); err != nil {
			s.t.Fatalf("%s: %v in %s", path, err, a.body)
		}
	}
}

// postJSON is post for a value.
func (s *station) postJSON(path string, in any, want int, into any) {
	s.t.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	s.post(path, "application/json", string(data), want, into)
}

// admit lets a kiosk count.
func (s *station) admit(kiosk, key string) {
	s.t.Helper()
	s.postJSON("/api/v1/kiosks/admit", api.AdmitRequest{Kiosk: kiosk, Key: key}, 200, nil)
}

// anHourAgo is when the dossiers of these tests are received.
func anHourAgo() string { return time.Now().Add(-time.Hour).Format(time.RFC3339) }

// register registers dossiers at a desk and gives their receipts.
func (s *station) register(desk, received string, codes ...string) (receipts []api.Receipt) {
	s.t.Helper()
	var list api.DossierList
	for _, code := range codes {
		list.Dossiers = append(list.Dossiers, api.Dossier{Code: code, Desk: desk, Received: received})
	}
	var out api.DossierResults
	s.postJSON("/api/v1/receipts?pictures=false", list, 200, &out)
	for _, r := range out.Results {
		if r.Receipt == nil {
			s.t.Fatalf("%+v", r)
		}
		receipts = append(receipts, *r.Receipt)
	}
	return receipts
}

// byPhone taps a face on the receipt's page.
func (s *station) byPhone(id, score string) answer {
	s.t.Helper()
	return ask(s.t, "POST", s.url+"/r/"+url.PathEscape(id), "score="+score, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
}

// rate taps a face at a kiosk.
func (k *counter) rate(scan string, score int, session string) (given string) {
	k.t.Helper()
	body, err := json.Marshal(map[string]any{"scan": scan, "score": score, "session": session, "language": "vi"})
	if err != nil {
		k.t.Fatal(err)
	}
	a := ask(k.t, "POST", k.url+"/api/v1/ratings", string(body), "Content-Type", "application/json")
	var out struct {
		Recorded bool
		Session  string
	}
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status != 201 || !out.Recorded {
		k.t.Fatalf("the kiosk recorded nothing: %d %s", a.status, a.body)
	}
	return out.Session
}

// state is a kiosk's own status.
type state struct {
	Kiosk, Desk, Origin string
	Admitted            bool
	Backlog, Facts      int64
	Offset              *int64 `json:"clock_offset_ms"`
}

func (k *counter) state() (s state) {
	k.t.Helper()
	pin, err := os.ReadFile(filepath.Join(k.data, "staff.pin"))
	if err != nil {
		k.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(ask(k.t, "GET", k.url+"/status", "", "Authorization", "Bearer "+strings.TrimSpace(string(pin))).body), &s); err != nil {
		k.t.Fatal(err)
	}
	return s
}

// placed waits until the kiosk knows its desk.
func (k *counter) placed() {
	k.t.Helper()
	eventually(k.t, "the kiosk knows its desk", func() bool { s := k.state(); return s.Admitted && s.Desk != "" })
}

// past waits until what was recorded here or there so far lies in the past for
// both kiosk and server. The order of answers is by time, and on one machine the
// offset that the kiosk measured is the error of its clock facts.
func (k *counter) past() {
	k.t.Helper()
	from := time.Now()
	eventually(k.t, "a clock fact", func() bool { return k.state().Offset != nil })
	off := time.Duration(*k.state().Offset) * time.Millisecond
	eventually(k.t, "the time goes on", func() bool { return time.Since(from) > off.Abs()+5*time.Millisecond })
}

// eventually asks until it is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("in vain: %s", what)
		}
	}
}

// has waits until the server has taken in all that the kiosk recorded so far.
func (s *station) has(k *counter) {
	s.t.Helper()
	st := k.state()
	o, err := fact.ParseOriginID(st.Origin)
	if err != nil {
		s.t.Fatal(err)
	}
	s.reaches(o, uint64(st.Facts))
}

// reaches waits until the server's projection has a fact.
func (s *station) reaches(o fact.OriginID, number uint64) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.proj.WaitApplied(ctx, o, number); err != nil {
		s.t.Fatalf("fact %d of %v does not arrive: %v", number, o, err)
	}
}

// settled waits until the server has taken in what it recorded itself.
func (s *station) settled() {
	s.t.Helper()
	head := s.outbox.Head()
	s.reaches(head.Origin, head.Number)
}

// recorded counts what the server itself recorded so far. Its log's checkpoints
// come by themselves, and who read what is noted: these are not counted.
func (s *station) recorded() (n uint64) {
	s.t.Helper()
	eventually(s.t, "the server rests", func() bool {
		head := s.outbox.Head()
		s.reaches(head.Origin, head.Number)
		var notes uint64
		if err := s.proj.Reader().QueryRowContext(s.t.Context(), `SELECT (SELECT count(*) FROM checkpoint) + (SELECT count(*) FROM act WHERE facts = 0)`).Scan(&notes); err != nil {
			s.t.Fatal(err)
		}
		n = head.Number - notes
		return s.outbox.Head() == head
	})
	return n
}

// index asks the index of these days for a unit's row.
func (s *station) index(unit, service string) api.IndexRow {
	s.t.Helper()
	today := survey.DayOf(time.Now())
	a := ask(s.t, "GET", s.url+"/api/v1/index?from="+(today-3).String()+"&to="+(today+2).String()+"&unit="+unit+"&service="+service, "", s.operator()...)
	var out api.Index
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status != 200 {
		s.t.Fatalf("index: %d %s %v", a.status, a.body, err)
	}
	if len(out.Rows) == 0 {
		return api.IndexRow{}
	}
	return out.Rows[0]
}

func hostPort(t testing.TB, address string) (host string, port int) {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

func hexOf(public ed25519.PublicKey) string { return hex.EncodeToString(public) }

// idHash is the hash of a receipt's id.
func idHash(t testing.TB, id string) [32]byte {
	t.Helper()
	parsed, err := receipt.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Hash()
}
