package cell_test

import (
	"strings"
	"testing"

	"hailong/internal/cell"
)

// What a spreadsheet would take for a formula is made text; all else stays.
func TestText(t *testing.T) {
	for _, s := range []string{"=1", "+1", "-1", "@a", "\ta", "\ra", "\na", "\uFF1D1", "\uFF20a", "=\xff"} {
		if got := cell.Text(s); got != "'"+strings.ToValidUTF8(s, "\uFFFD") {
			t.Errorf("%q: %q", s, got)
		}
	}
	for _, s := range []string{"", "a=1", "'=1", "Xã", " =1"} {
		if got := cell.Text(s); got != s {
			t.Errorf("%q: %q", s, got)
		}
	}
}
