package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hailong/server/api"
	"hailong/server/broker"
	"hailong/server/keyring"
	"hailong/server/natsauth/natsauthtest"
)

// Two quick taps, two tabs, the same request again, the same sitting from
// elsewhere: one ballot, with the last answer.
func TestOneBallotHoweverOftenTapped(t *testing.T) {
	s := organised(t)
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3), code(4), code(5), code(6))
	// Two quick taps at the kiosk, in one sitting; the other tab has no sitting.
	session := k.rate(receipts[0].ID, 1, "")
	k.rate(receipts[0].ID, 5, session)
	session = k.rate(receipts[1].ID, 5, "")
	k.rate(receipts[1].ID, 1, "")
	k.rate(receipts[1].ID, 4, session) // the first tab again, after the second
	// The very same request again and again.
	for range 3 {
		k.rate(receipts[2].ID, 4, session)
	}
	s.has(k)
	// Two tabs on the phone, at once; then one more.
	var tabs sync.WaitGroup
	for range 2 {
		tabs.Go(func() {
			if a := s.byPhone(receipts[3].ID, "1"); a.status != http.StatusSeeOther {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	tabs.Wait()
	s.byPhone(receipts[3].ID, "5")
	// At the kiosk, then at home by phone; and the other way round.
	k.rate(receipts[4].ID, 1, "")
	s.byPhone(receipts[5].ID, "1")
	k.past()
	s.byPhone(receipts[4].ID, "4")
	k.rate(receipts[5].ID, 5, "")
	// A guessed dossier code does not supersede what the receipt said.
	k.rate(code(5), 1, "")
	// Walk-ins: a ballot is a sitting.
	walk := k.rate("", 1, "")
	k.rate("", 5, walk)
	k.rate("", 3, "")
	s.has(k)
	s.settled()
	row := s.index("VPUB", "administrative")
	if row.Answers+row.Waiting != 6 || row.WalkIns != 2 {
		t.Errorf("%+v", row)
	}
	if n := s.ballots(); n != (api.Scores{Four: 3, Five: 3}) {
		t.Errorf("by score: %+v", n)
	}
}

// ballots reads the scores of the ballots themselves, whether shown yet or not.
func (s *station) ballots() (n api.Scores) {
	s.t.Helper()
	rows, err := s.proj.Reader().Query(`SELECT score, count(*) FROM ballot WHERE score > 0 AND kind IN (1, 2) GROUP BY score`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var score int
		var count int64
		if err := rows.Scan(&score, &count); err != nil {
			s.t.Fatal(err)
		}
		*[]*int64{&n.One, &n.Two, &n.Three, &n.Four, &n.Five}[score-1] = count
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// Where the stream is a second copy and can't be reached, nobody waits for ever:
// the person is asked to try again, and what was recorded counts once.
func TestSecondCopyUnreachable(t *testing.T) {
	dir, keys := t.TempDir(), filepath.Join(t.TempDir(), "servers.keys")
	ring, err := keyring.Open(keys, true)
	if err != nil {
		t.Fatal(err)
	}
	realm := natsauthtest.Of(t, ring)
	b, err := broker.Start(realm.Broker(broker.Options{Dir: dir}))
	if err != nil {
		t.Fatal(err)
	}
	addr := b.Addr()
	s := organised(t, "--keys="+keys, "--nats=nats://"+addr, "--stream-dir="+dir, "--confirm=300ms")
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2))
	if a := s.byPhone(receipts[0].ID, "5"); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	b.Close()
	before := s.outbox.Head().Number
	a := ask(t, "POST", s.url+"/r/"+receipts[1].ID, "score=4", "Content-Type", kindForm)
	if a.status != http.StatusGatewayTimeout || !strings.Contains(a.body, "HL5004") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.byPhone(receipts[1].ID, "5"); a.status != http.StatusGatewayTimeout || strings.Contains(a.body, "Đã ghi nhận") || !strings.Contains(a.body, "Xin gửi lại") {
		t.Errorf("%d %s", a.status, a.body)
	}
	body, err := json.Marshal(api.DossierList{Dossiers: []api.Dossier{{Code: code(3), Desk: "MC-VPUB", Received: anHourAgo()}}})
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(t, "POST", s.url+"/api/v1/receipts", string(body), "Content-Type", kindJSON, "Authorization", "Bearer "+s.token); a.status != http.StatusGatewayTimeout || !strings.Contains(a.body, "HL5004") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if now := s.outbox.Head().Number; now < before+4 {
		t.Errorf("recorded: %d facts", now-before)
	}
	// The link is back.
	host, port := hostPort(t, addr)
	if b, err = broker.Start(realm.Broker(broker.Options{Dir: dir, Host: host, Port: port})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	s.settled()
	if n := s.ballots(); n != (api.Scores{Five: 2}) {
		t.Errorf("by score: %+v", n)
	}
	eventually(t, "answers as before", func() bool { return s.byPhone(receipts[1].ID, "5").status == 303 })
}
