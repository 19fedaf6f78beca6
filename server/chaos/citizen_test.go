package chaos

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// client speaks to devices. It follows no redirect: the one to the thanks is
// the answer.
var client = &http.Client{
	Timeout:       5 * time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 16, DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// citizens answer until stop is closed.
func (w *world) citizens(n int, seed uint64, stop <-chan struct{}) *sync.WaitGroup {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(2+rng.IntN(24)) * time.Millisecond):
				}
				w.answer(rng)
			}
		})
	}
	return &wg
}

// answer lets one citizen answer: most often with a ballot that nobody used
// yet, else with one that was used, perhaps elsewhere.
func (w *world) answer(rng *rand.Rand) {
	n := rng.IntN(100)
	if n < 2 {
		w.forge(rng)
		return
	}
	if b := w.pool.pick(rng, n); b != nil && b.mu.TryLock() {
		defer b.mu.Unlock()
		w.rate(rng, b)
	}
}

// rate is one sitting, where the ballot can be used.
func (w *world) rate(rng *rand.Rand, b *ballot) {
	d := w.devices()[rng.IntN(len(w.servers)+len(w.kiosks))]
	if b.kind == 3 && d.server {
		d = w.kiosks[rng.IntN(len(w.kiosks))]
	}
	d.gate.RLock()
	defer d.gate.RUnlock()
	if d.server {
		w.byPhone(rng, d, b)
	} else {
		w.atKiosk(rng, d, b)
	}
}

// byPhone taps once, and may go on to the page that follows.
func (w *world) byPhone(rng *rand.Rand, d *device, b *ballot) {
	a := attempt{number: len(b.attempts) + 1, score: score(rng), device: d.name, base: d.address(), comment: comment(rng), sent: time.Now()}
	if a.base == "" || a.number > mostAttempts {
		return
	}
	var next sheet
	if rng.IntN(4) == 0 {
		next = next.more(rng, w.asked)
	}
	var more string
	a.state, a.said, more = tapPhone(a.base, b.id, a)
	if a.state == thanked && (a.comment != "" || !next.empty()) {
		a.sheet = next
		a.again = true
		a.wrote, a.said = morePhone(a.base, more, a)
	}
	a.done = time.Now()
	b.attempts = append(b.attempts, a)
}

// forge scans a receipt that nobody issued: it is thanked, and counts nowhere.
func (w *world) forge(rng *rand.Rand) {
	d := w.kiosks[rng.IntN(len(w.kiosks))]
	d.gate.RLock()
	defer d.gate.RUnlock()
	id, err := receipt.NewID(nil)
	if base := d.address(); err == nil && base != "" {
		tapKiosk(base, id.String(), "", attempt{number: 1, score: 1})
	}
}

// tapKiosk posts a rating to a kiosk.
func tapKiosk(base, scan, session string, a attempt) (state uint8, said, got string) {
	request := map[string]any{
		"scan": scan, "score": a.score, "session": session, "language": "vi", "took_ms": time.Duration(a.number) * tookStep / time.Millisecond,
	}
	if a.comment != "" {
		request["comment"] = a.comment
	}
	if !a.sheet.empty() {
		request["questionnaire"], request["answers"], request["reasons"] = sheetVersion, a.sheet.answers, a.sheet.reasons
	}
	body, err := json.Marshal(request)
	if err != nil {
		return refused, err.Error(), ""
	}
	status, answer, err := send(base+"/api/v1/ratings", "application/json", body)
	if err != nil || status != http.StatusCreated {
		state, said = outcome(status, answer, err)
		return state, said, session
	}
	var r struct {
		Recorded bool
		Session  string
	}
	if err := json.Unmarshal(answer, &r); err != nil || !r.Recorded || r.Session == "" {
		return perhaps, "an answer that is none: " + string(answer), session
	}
	return thanked, "", r.Session
}

// tapPhone posts a rating to a receipt's page, and gives the address of the one
// that follows.
func tapPhone(base string, id receipt.ID, a attempt) (state uint8, said, more string) {
	began := time.Now().Add(-time.Duration(a.number) * tookStep).UnixMilli()
	form := url.Values{"score": {fmt.Sprint(a.score)}, "began": {fmt.Sprint(began)}, "version": {fmt.Sprint(sheetVersion)}}
	status, more, answer, err := post(base+"/r/"+url.PathEscape(id.String()), formType, []byte(form.Encode()))
	if status == http.StatusSeeOther && strings.Contains(more, "/more?") {
		return thanked, "", more
	}
	state, said = outcome(status, answer, err)
	return state, said, ""
}

// morePhone sends the page after the tap.
func morePhone(base, more string, a attempt) (state uint8, said string) {
	to, err := url.Parse(more)
	if err != nil {
		return refused, err.Error()
	}
	form := url.Values{"t": {to.Query().Get("t")}, "comment": {a.comment}}
	for code, score := range a.sheet.answers {
		form.Set("answer."+code, fmt.Sprint(score))
	}
	for _, tick := range a.sheet.reasons {
		form.Set(map[byte]string{'+': "good.", '-': "bad."}[tick[0]]+tick[1:], "1")
	}
	status, next, answer, err := post(base+to.EscapedPath(), formType, []byte(form.Encode()))
	if status == http.StatusSeeOther && strings.Contains(next, "/thanks") {
		return thanked, ""
	}
	return outcome(status, answer, err)
}

const formType = "application/x-www-form-urlencoded"

func send(to, kind string, body []byte) (int, []byte, error) {
	status, _, answer, err := post(to, kind, body)
	return status, answer, err
}

// post gives the answer, and where it points to.
func post(to, kind string, body []byte) (status int, location string, answer []byte, err error) {
	r, err := client.Post(to, kind, bytes.NewReader(body))
	if err != nil {
		return 0, "", nil, err
	}
	defer r.Body.Close()
	answer, err = io.ReadAll(r.Body)
	return r.StatusCode, r.Header.Get("Location"), answer, err
}

// outcome tells what an answer that is no thanks means. A fault of the server's
// may have come after the fact was on the disk.
func outcome(status int, answer []byte, err error) (uint8, string) {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return refused, err.Error()
	}
	if err != nil {
		return perhaps, err.Error()
	}
	if status >= 400 && status < 500 {
		return refused, fmt.Sprint(status)
	}
	if bytes.Contains(answer, []byte(survey.CodeUnavailable)) {
		return refused, "not ready" // said before anything is recorded
	}
	return perhaps, fmt.Sprintf("%d %.200s", status, answer)
}
