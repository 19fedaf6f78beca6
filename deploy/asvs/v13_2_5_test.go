package asvs

import (
	"strings"
	"testing"
)

// XML is no JSON.
func TestV13_2_5(t *testing.T) {
	const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>`
	for _, kind := range []string{"application/xml", "application/json", "text/xml"} {
		a := browse(t).send("POST", "/api/v1/accounts", []byte(bomb), "Content-Type", kind, "Authorization", "Bearer "+operator)
		if a.status != 415 && a.status != 400 || strings.Contains(a.body, "root:") {
			t.Errorf("%q: %d", kind, a.status)
		}
	}
}
