package asvs

import "testing"

// A file is what it says it is, or is refused with its line.
func TestV12_2_1(t *testing.T) {
	for path, kinds := range map[string][]string{"/api/v1/receipts/import": {"text/csv", "application/json"}, "/api/v1/organisation": {"application/yaml", "text/csv"}} {
		for i, kind := range kinds {
			a := browse(t).send("POST", path, []byte("\x89PNG\r\n\x1a\n\x00\x00"), "Content-Type", kind, "Authorization", "Bearer "+operator)
			if want := []int{400, 415}[i]; a.status != want && !(i == 0 && a.status == 422) {
				t.Errorf("%s as %s: %d %s", path, kind, a.status, a.body)
			}
		}
	}
}
