package asvs

import (
	"slices"
	"strings"
	"testing"
)

// Whatever nobody may guess is drawn from the system's own source: where another
// one is used, nothing is secret.
func TestV6_3_1(t *testing.T) {
	// Pauses between attempts, made-up worlds, and the receipts' pictures.
	may := []string{"internal/bus/bus.go", "internal/uplink/", "internal/bench/", "server/sample/", "server/words/keeper.go", "server/index/desk.go"}
	for name, text := range sources(t, ".go", "cmd", "internal", "kiosk", "server") {
		if strings.Contains(text, `"math/rand`) && !slices.ContainsFunc(may, func(p string) bool { return strings.HasPrefix(name, p) }) {
			t.Errorf("%s: is nothing there to be guessed?", name)
		}
	}
}
