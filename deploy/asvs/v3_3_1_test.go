package asvs

import "testing"

// Who signs out is out, also with the cookie that was kept, and the browser's
// way back shows nothing.
func TestV3_3_1(t *testing.T) {
	b := person(t, "unit", "VINH")
	kept := b.cookie()
	if a := b.get("/unit/VINH"); a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page may be kept: %q", a.header.Get("Cache-Control"))
	}
	if a := b.form("/signout"); a.status != 303 || b.in() {
		t.Errorf("%d", a.status)
	}
	if a := b.again().get("/account", "Cookie", "__Host-hailong="+kept); a.status == 200 {
		t.Error("the session goes on")
	}
}
