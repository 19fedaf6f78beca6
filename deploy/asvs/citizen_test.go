package asvs

import (
	neturl "net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// tap rates by phone, and gives the page that asks for more.
func tap(t *testing.T, id string, score int) (next string) {
	t.Helper()
	a := browse(t).form("/r/"+id, "score", strconv.Itoa(score), "version", "1")
	if a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return a.to()
}

// more is the page that asks for more.
func more(t *testing.T, id string) string {
	t.Helper()
	a := browse(t).get(tap(t, id, 2))
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return a.body
}

// writes rates by phone and leaves words, and, where it is not "", a telephone
// number.
func writes(t *testing.T, id, comment, contact string) {
	t.Helper()
	at, err := neturl.Parse(tap(t, id, 2))
	if err != nil {
		t.Fatal(err)
	}
	fields := []string{"t", at.Query().Get("t"), "comment", comment}
	if contact != "" {
		fields = append(fields, "consent", "1", "contact", contact)
	}
	if a := browse(t).form(at.Path, fields...); a.status != 303 || !strings.Contains(a.to(), "/thanks") {
		t.Fatalf("%d %s", a.status, a.body)
	}
}

// eventually waits for what comes by itself.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in a minute: %s", what)
		}
	}
}

// deep finds the first number of that name in an answer; -1: none.
func deep(v any, name string) float64 {
	switch v := v.(type) {
	case map[string]any:
		if n, ok := v[name].(float64); ok {
			return n
		}
		for _, inner := range v {
			if n := deep(inner, name); n >= 0 {
				return n
			}
		}
	case []any:
		for _, inner := range v {
			if n := deep(inner, name); n >= 0 {
				return n
			}
		}
	}
	return -1
}
