package asvs

import (
	"encoding/json"
	"testing"
)

// What JSON may hold is written down, and nothing else is taken.
func TestV13_2_2(t *testing.T) {
	a := browse(t).get("/openapi.json")
	var doc struct{ Paths map[string]any }
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || doc.Paths["/api/v1/slips"] == nil {
		t.Errorf("%v %d", err, a.status)
	}
	for _, body := range []string{`{"unit":5,"count":1}`, `{"unit":"BVDK-VINH","count":"1"}`, `{"unit":"BVDK-VINH","count":1,"x":1}`, `{"count":1}`, `{"unit":"BVDK-VINH","count":1}{}`} {
		if a := api(t, operator, "POST", "/api/v1/slips", body); a.status != 400 && a.status != 404 {
			t.Errorf("%s: %d", body, a.status)
		}
	}
}
