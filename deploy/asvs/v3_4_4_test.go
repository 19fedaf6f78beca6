package asvs

import (
	"strings"
	"testing"
)

// The cookie's name binds it to this host: it has no domain.
func TestV3_4_4(t *testing.T) {
	attribute(t, "__host-hailong=")
	if strings.Contains(strings.ToLower(cookieSet(t)), "domain") {
		t.Error("the cookie is of a domain")
	}
}
