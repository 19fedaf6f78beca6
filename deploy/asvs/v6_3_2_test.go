package asvs

import "testing"

// Ids of accounts, receipts and sittings are random.
func TestV6_3_2(t *testing.T) {
	out := ask[struct {
		Slips []struct{ ID string }
	}](t, "/api/v1/slips", `{"unit":"BVDK-VINH","count":50}`)
	seen := map[string]bool{}
	for _, s := range out.Slips {
		if len(s.ID) < 16 || seen[s.ID[:5]] {
			t.Errorf("%s begins as another does", s.ID)
		}
		seen[s.ID[:5]] = true
	}
	if len(seen) != 50 {
		t.Errorf("%d slips", len(seen))
	}
}
