package chaos

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/receipt"
)

// Where the kiosks of the test stand, in the example organisation.
var places = []struct{ kiosk, desk, unit string }{{"K01", "MC-VPUB", "VPUB"}, {"K04", "DG-BVHNDK", "BVHNDK"}}

// received is when dossiers were handed in: an hour before the test.
var received = time.Now().Add(-time.Hour).Truncate(time.Second)

// register has server a load the example organisation and questionnaire, admit the kiosks and
// register ballots: two dossiers for each slip.
func (w *world) register(ballots int) {
	w.t.Helper()
	w.pool = newPool()
	a := w.servers[0]
	w.up(a)
	operator := []string{"--url=" + a.address(), "--data=" + a.data}
	run(w.t, "hailong-server", append([]string{"organisation", "load", filepath.Join("..", "..", "deploy", "example", "nghe-an-2025.yaml")}, operator...)...)
	w.loadSheet(operator)
	for i, k := range w.kiosks {
		key := run(w.t, "hailong-kiosk", "key", "--data="+k.data)
		run(w.t, "hailong-server", append([]string{"admit", "--kiosk=" + places[i].kiosk, "--key=" + key}, operator...)...)
	}
	for left := ballots; left > 0; {
		n := min(left, 900)
		left -= n
		if err := w.issueDossiers(a, w.newCodes(n-n/3)); err != nil {
			w.t.Fatal(err)
		}
		if err := w.issueSlips(a, n/3); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) newCodes(n int) (codes []string) {
	for range n {
		codes = append(codes, w.pool.code())
	}
	return codes
}

// post speaks to a server as an operator's program.
func (w *world) post(s *device, path string, in, out any) error {
	base := s.address()
	if base == "" {
		return fmt.Errorf("%s is down", s.name)
	}
	token, err := os.ReadFile(filepath.Join(s.data, "operator.token"))
	if err != nil {
		return err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	q, err := http.NewRequest(http.MethodPost, base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	r, err := slowClient.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK && r.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s: %s %.300s", path, r.Status, answer)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// slowClient is for a thousand dossiers at once.
var slowClient = &http.Client{Timeout: 30 * time.Second}

// paper is a receipt or slip as the API gives it.
type paper struct{ ID string }

func (w *world) issue(kind uint8, code string, p paper) error {
	id, err := receipt.ParseID(p.ID)
	if err != nil {
		return fmt.Errorf("receipt %q: %w", p.ID, err)
	}
	b := &ballot{kind: kind, id: id, code: code, key: id.Hash()}
	if kind == 1 {
		b.key = w.keys.Ballot(code)
	}
	w.pool.add(b)
	return nil
}

// issueDossiers registers dossiers. One that is registered already, since the
// answer was lost on the way, gets a reprint.
func (w *world) issueDossiers(s *device, codes []string) error {
	type dossier struct {
		Code     string `json:"code"`
		Desk     string `json:"desk"`
		Received string `json:"received"`
	}
	var in struct {
		Dossiers []dossier `json:"dossiers"`
	}
	for _, c := range codes {
		in.Dossiers = append(in.Dossiers, dossier{c, places[0].desk, received.Format(time.RFC3339)})
	}
	var out struct {
		Results []struct {
			Code, Status string
			Receipt      *paper
		}
	}
	if err := w.post(s, "/api/v1/receipts?pictures=false", in, &out); err != nil {
		return err
	}
	for i := range out.Results {
		if r := &out.Results[i]; r.Receipt == nil {
			r.Receipt = &paper{}
			if err := w.post(s, "/api/v1/receipts/reprint?pictures=false", map[string]string{"code": r.Code}, r.Receipt); err != nil {
				return fmt.Errorf("%s, which is %s: %w", r.Code, r.Status, err)
			}
		}
	}
	// Handed out all together, or all anew: no dossier's receipts go to two
	// citizens.
	for _, r := range out.Results {
		if err := w.issue(1, r.Code, *r.Receipt); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) issueSlips(s *device, n int) error {
	if n == 0 {
		return nil
	}
	var out struct{ Slips []paper }
	err := w.post(s, "/api/v1/slips?pictures=false", map[string]any{"unit": places[1].unit, "desk": places[1].desk, "count": n}, &out)
	for _, p := range out.Slips {
		if err == nil {
			err = w.issue(2, "", p)
		}
	}
	return err
}

// clerk registers dossiers and issues slips until stop is closed, at whichever
// server answers; a dossier of which no answer came is registered once more.
func (w *world) clerk(seed uint64, stop <-chan struct{}) *sync.WaitGroup {
	var wg sync.WaitGroup
	wg.Go(func() {
		rng := rand.New(rand.NewPCG(seed, 3<<32))
		var codes []string
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(20+rng.IntN(300)) * time.Millisecond):
			}
			if len(codes) == 0 {
				codes = w.newCodes(1 + rng.IntN(8))
			}
			s := w.servers[rng.IntN(len(w.servers))]
			s.gate.RLock()
			if err := w.issueDossiers(s, codes); err == nil {
				codes = nil
			}
			// Slips of which the answer was lost are in nobody's hands.
			_ = w.issueSlips(s, 1+rng.IntN(4))
			s.gate.RUnlock()
		}
	})
	return &wg
}

// drawLate makes ballots that nobody has registered: kiosks take them, and they
// wait until they are.
func (w *world) drawLate(n int) {
	w.t.Helper()
	for i := range n {
		id, err := receipt.NewID(nil)
		if err != nil {
			w.t.Fatal(err)
		}
		b := &ballot{kind: 1 + uint8(i%2), id: id, key: id.Hash()}
		if b.kind == 1 {
			b.code = w.pool.code()
			b.key = w.keys.Ballot(b.code)
		}
		w.pool.add(b)
		w.late = append(w.late, b)
	}
}

// registerLate has a server that is down record ballots of drawLate.
func (w *world) registerLate(d *device, most int) {
	w.t.Helper()
	n := min(most, len(w.late))
	if n <= 0 {
		return
	}
	var entries []fact.Entry
	for _, b := range w.late[:n] {
		hash := b.id.Hash()
		if b.kind == 2 {
			entries = append(entries, fact.Entry{Kind: fact.KindSlip, Body: &fact.Slip{
				Hash: hash[:], Desk: places[1].desk, Unit: places[1].unit, Service: 2, Issued: received.UnixMilli()}})
			continue
		}
		entries = append(entries,
			fact.Entry{Kind: fact.KindReceipt, Body: &fact.Receipt{Hash: hash[:], Ballot: b.key[:]}},
			fact.Entry{Kind: fact.KindDossier, Body: &fact.Dossier{
				Ballot: b.key[:], Desk: places[0].desk, Unit: places[0].unit, Service: 1, Received: received.UnixMilli()}})
	}
	w.late = w.late[n:]
	key, err := outbox.LoadKey(filepath.Join(d.data, "server.key"))
	if err != nil {
		w.t.Fatal(err)
	}
	box, err := outbox.Open(w.t.Context(), filepath.Join(d.data, "outbox.db"), outbox.Options{
		Key: key, Role: fact.RoleServer, Name: d.name, Member: w.keys.Member(key.Public().(ed25519.PublicKey))})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := box.Append(w.t.Context(), entries...); err != nil {
		w.t.Fatal(err)
	}
	if err := box.Close(); err != nil {
		w.t.Fatal(err)
	}
}
