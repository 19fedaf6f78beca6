package asvs

import (
	"strings"
	"testing"
)

// What people write does not run.
func TestV5_3_3(t *testing.T) {
	named(t, `<script>alert(1)</script><img src=x onerror=alert(1)>`, `&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;`)
	if a := browse(t).get("/r/%3Cscript%3Ealert(1)%3C%2Fscript%3E"); strings.Contains(a.body, "<script>alert") {
		t.Error("an address comes back as a script")
	}
}
