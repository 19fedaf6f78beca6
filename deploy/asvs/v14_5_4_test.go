package asvs

import (
	"fmt"
	"testing"
)

// Headers that a proxy might set are not believed: by them nobody escapes from
// waiting.
func TestV14_5_4(t *testing.T) {
	b := browse(t)
	for i := range 5 {
		a := b.send("POST", "/signin", []byte("login=an.nam&password=sai"), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html",
			"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i), "X-Real-IP", fmt.Sprintf("203.0.113.%d", i), "Forwarded", fmt.Sprintf("for=203.0.113.%d", i))
		if want := 401; i < 3 && a.status != want || i > 3 && a.status != 429 {
			t.Errorf("attempt %d: %d", i+1, a.status)
		}
	}
}
