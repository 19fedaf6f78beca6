package asvs

import (
	"strings"
	"testing"
)

// People bring the device that gives the second factor: any app that reads the
// usual QR code.
func TestV2_3_2(t *testing.T) {
	b := as(t, "auditor")
	page := b.get("/account/second").body
	if m := secretField.FindStringSubmatch(page); m == nil || !strings.Contains(page, "<svg") {
		t.Fatalf("no secret and picture: %s", page)
	}
	if again := secretField.FindStringSubmatch(b.get("/account/second").body); again[1] == secretField.FindStringSubmatch(page)[1] {
		t.Error("the same secret is offered twice")
	}
}
