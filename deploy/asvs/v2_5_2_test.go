package asvs

import "testing"

// There are no hints and no secret questions: nothing takes one.
func TestV2_5_2(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	for _, field := range []string{"hint", "question", "answer"} {
		if a := b.form("/signin/password", "code", code, "new", password, field, "tên con chó"); a.status != 400 || b.in() {
			t.Errorf("%s: %d", field, a.status)
		}
	}
}
