package main

import (
	"encoding/json"
	"strings"
	"testing"

	"hailong/server/api"
)

// takesBack takes back what was tapped at a kiosk in a sitting.
func (k *counter) takesBack(scan, session string) {
	k.t.Helper()
	body, err := json.Marshal(map[string]string{"scan": scan, "session": session})
	if err != nil {
		k.t.Fatal(err)
	}
	if a := ask(k.t, "POST", k.url+"/api/v1/withdrawals", string(body), "Content-Type", kindJSON); a.status != 201 || !strings.Contains(a.body, `"withdrawn":true`) {
		k.t.Fatalf("%d %s", a.status, a.body)
	}
}

// A receipt of another desk, or of another unit, is taken at any kiosk, and
// counts for the receipt's; and what one takes back is one's own answer alone.
func TestReceiptsOfAnotherDeskAndSitting(t *testing.T) {
	s := organised(t)
	k := startKiosk(t, s.url, t.TempDir()) // at MC-VPUB
	s.admit("K01", k.key())
	k.placed()
	theirs := s.register("MC-VINH", anHourAgo(), code(1))[0]
	mine := s.register("MC-VPUB", anHourAgo(), code(2), code(3), code(4))
	k.rate(theirs.ID, 4, "")
	victim := k.rate(mine[0].ID, 5, "")
	slip := k.rate(mine[1].ID, 1, "")
	k.takesBack(mine[1].ID, slip)
	// Somebody knows another's sitting, but not the receipt; or the receipt, but
	// not the sitting.
	k.takesBack(mine[2].ID, victim)
	k.takesBack(mine[0].ID, strings.Repeat("ab", 16))
	k.takesBack("", victim)
	s.has(k)
	s.settled()
	if n := s.ballots(); n != (api.Scores{Four: 1, Five: 1}) {
		t.Errorf("by score: %+v", n)
	}
	rows, err := s.proj.Reader().Query(`SELECT u.code, d.code, sum(s1 + s2 + s3 + s4 + s5) FROM cell_day r JOIN cell c ON c.id = r.cell
		JOIN place u ON u.id = c.unit JOIN place d ON d.id = c.desk GROUP BY 1, 2 ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]int{}
	for rows.Next() {
		var unit, desk string
		var n int
		if err := rows.Scan(&unit, &desk, &n); err != nil {
			t.Fatal(err)
		}
		found[unit+" "+desk] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || found["VINH MC-VINH"] != 1 || found["VPUB MC-VPUB"] != 1 {
		t.Errorf("counted for %v", found)
	}
}
