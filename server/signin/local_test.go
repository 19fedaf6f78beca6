package signin

import (
	"testing"
	"time"
)

// Nobody is led elsewhere after signing in, however the address is written.
func TestLocal(t *testing.T) {
	for _, next := range []string{"/", "/desk", "/desk?lang=en", "/unit/VINH-B%E1%BA%BFn", "/audit?q=a+b&from=2026-11-01", "/%5cexample.vn", "/a//b"} {
		if got := local(next); got != next {
			t.Errorf("%q leads to %q", next, got)
		}
	}
	for _, next := range []string{"", "desk", "https://example.vn/", "HTTPS://example.vn", "//example.vn", "///example.vn", "/\\example.vn", "\\\\example.vn",
		"/\t/example.vn", "/\r\nSet-Cookie: a=b", "\t//example.vn", " //example.vn", "javascript:alert(1)", "data:text/html,x", "http:///x", "http:/example.vn",
		"/%2F/example.vn", "/%2fexample.vn", "//user@example.vn", "/\x00", "/\x7f", "%zz", "/#x", "/signin", "/signin/link", "/signout", "/api/v1/export",
		"/" + string(make([]byte, 2000))} {
		if got := local(next); got != "" {
			t.Errorf("%q leads to %q", next, got)
		}
	}
}

// Who guesses all day does not fill the disk with what was refused.
func TestBudget(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 59, 0, 0, time.UTC)
	b := budget{now: func() time.Time { return now }}
	count := func() (n int) {
		for range 3 * refusalsAnHour {
			if b.take() {
				n++
			}
		}
		return n
	}
	if n := count(); n != refusalsAnHour {
		t.Errorf("%d in an hour", n)
	}
	if now = now.Add(30 * time.Second); b.take() {
		t.Error("one more in the same hour")
	}
	if now = now.Add(time.Minute); count() != refusalsAnHour {
		t.Error("the next hour has as many")
	}
}
