package report_test

import (
	"strings"
	"testing"

	"hailong/server/report"
)

// Ratings that were declared void are told in every file for people; where there
// are none, nothing is said of it.
func TestVoidedAreTold(t *testing.T) {
	for tag, want := range map[string]string{"vi": "Trong kỳ có 21 phiếu vô hiệu", "en": "Void ratings of the period: 21."} {
		for _, f := range formats(t) {
			if f == report.CSV {
				continue // has no notes
			}
			r := sample(t, tag, 3)
			r.Services[0].Total.Voided, r.Services[1].Total.Voided = 20, 0
			for _, more := range []int64{0, 1} {
				r.Services[1].Total.Voided += more
				all := strings.Join(strings.Fields(text(t, f, written(t, r, f))), " ")
				if strings.Contains(all, want) != (more == 1) {
					t.Errorf("%s in %s with %d void ratings", f, tag, 20+more)
				}
			}
			r.Services[0].Total.Voided, r.Services[1].Total.Voided = 0, 0
			if all := strings.ToLower(text(t, f, written(t, r, f))); strings.Contains(all, "vô hiệu") || strings.Contains(all, "void ratings") {
				t.Errorf("%s in %s speaks of void ratings where there are none", f, tag)
			}
		}
	}
}
