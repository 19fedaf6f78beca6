package asvs

import "testing"

// Other sites' pages change nothing here, whatever they send.
func TestV4_2_2(t *testing.T) {
	b := as(t, "unit")
	const kind = "application/x-www-form-urlencoded"
	for name, headers := range map[string][]string{
		"no token":         {"Content-Type", kind},
		"another site":     {"Content-Type", kind, "Sec-Fetch-Site", "cross-site", "csrf", b.csrf},
		"a page beside us": {"Content-Type", kind, "Sec-Fetch-Site", "same-site", "csrf", b.csrf},
		"as plain text":    {"Content-Type", "text/plain"},
	} {
		if a := b.send("POST", "/signout", nil, headers...); a.status != 403 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if a := b.form("/signout", "csrf", as(t, "desk").csrf); a.status != 403 || !b.in() {
		t.Errorf("another's token: %d", a.status)
	}
}
