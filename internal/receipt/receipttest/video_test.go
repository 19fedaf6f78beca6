package receipttest

import "testing"

// The table of bars has no slip: a sign of Code 128 is 11 modules wide, an even
// number of them dark.
func TestBars128(t *testing.T) {
	for v := range len(bars128) / 6 {
		sum, dark := 0, 0
		for i, w := range bars128[6*v : 6*v+6] {
			sum += int(w - '0')
			if i%2 == 0 {
				dark += int(w - '0')
			}
		}
		if sum != 11 || dark%2 != 0 {
			t.Errorf("value %d: %d modules, %d of them dark", v, sum, dark)
		}
	}
}
