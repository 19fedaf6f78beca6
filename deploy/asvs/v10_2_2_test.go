package asvs

import "testing"

// Pages may use no camera, microphone or place.
func TestV10_2_2(t *testing.T) {
	for _, path := range []string{"/r", "/signin"} {
		if may := browse(t).get(path).header.Get("Permissions-Policy"); may != "camera=(), microphone=(), geolocation=()" {
			t.Errorf("%s: %q", path, may)
		}
	}
}
