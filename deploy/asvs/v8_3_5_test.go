package asvs

import (
	"strings"
	"testing"
)

// Who reads what people wrote is on record.
func TestV8_3_5(t *testing.T) {
	writes(t, slip(t), "xin thêm ghế ngồi chờ", "")
	b := person(t, "contact", "VINH")
	if a := b.get("/texts"); a.status != 200 {
		t.Fatalf("%d", a.status)
	}
	eventually(t, "the record", func() bool {
		out := ask[struct{ Acts []map[string]any }](t, "/api/v1/audit?account="+b.id, "")
		for _, a := range out.Acts {
			if action, _ := a["action"].(string); strings.HasPrefix(action, "texts") {
				return true
			}
		}
		return false
	})
}
