package asvs

import "testing"

// No step comes before another.
func TestV11_1_1(t *testing.T) {
	id := slip(t)
	if a := browse(t).get("/r/" + id + "/more?t=x"); a.status == 200 {
		t.Error("more is asked before the tap")
	}
	if a := browse(t).form("/r/"+id+"/more", "t", "x", "comment", "x"); a.status != 400 && a.status != 409 && a.status != 410 {
		t.Errorf("more is taken before the tap: %d", a.status)
	}
	if a := browse(t).get("/signin/second"); a.status == 200 {
		t.Error("the second factor before the password")
	}
	if a := browse(t).form("/signin/password", "code", "0000-0000-0000-0000", "new", password); a.status != 410 {
		t.Errorf("a password without a link: %d", a.status)
	}
}
