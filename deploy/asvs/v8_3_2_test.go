package asvs

import (
	"strings"
	"testing"
)

// Whoever holds a receipt sees all that is kept about it.
func TestV8_3_2(t *testing.T) {
	id := slip(t)
	writes(t, id, "hồ sơ xong sớm", "0911 222 333")
	eventually(t, "the page says what is kept", func() bool {
		a := browse(t).get("/r/" + id + "/data?lang=en")
		return a.status == 200 && strings.Contains(a.body, "comment")
	})
	if a := browse(t).get("/r/" + id + "/data"); strings.Contains(a.body, "0911 222 333") {
		t.Error("whoever finds the paper reads the number")
	}
}
