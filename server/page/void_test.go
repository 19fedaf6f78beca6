package page_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestVoidedIsShown: what was declared void is told beside the figures, on every
// page that has them; where nothing was, nothing is said of it.
func TestVoidedIsShown(t *testing.T) {
	s := newSite(t)
	s.fill()
	pages := map[string][2]string{
		"/desk/DH41.07?part=figures": {"<dt>Phiếu vô hiệu, không được tính</dt><dd>4.321</dd>", "<dt>Void ratings, not counted</dt><dd>4,321</dd>"},
		"/unit/H41.07":               {"<dt>Phiếu vô hiệu, không được tính</dt><dd>4.321</dd>", "<dt>Void ratings, not counted</dt><dd>4,321</dd>"},
		"/?unit=H41.07":              {"<small>vô hiệu 4.321</small>", "<small>void 4,321</small>"},
		"/board/H41.07":              {"4.321</p><p>phiếu vô hiệu", "4,321</p><p>ratings declared void"},
	}
	check := func(shown bool) {
		for path, want := range pages {
			for i, lang := range []string{"vi", "en"} {
				separator := "?"
				if strings.Contains(path, "?") {
					separator = "&"
				}
				status, body := s.get(path + separator + "lang=" + lang)
				if status != http.StatusOK || strings.Contains(body, want[i]) != shown {
					t.Errorf("%s in %s: %d, says of void ratings %v, want %v", path, lang, status, !shown, shown)
				}
				if !shown && strings.Contains(body, []string{"vô hiệu", "void"}[i]) {
					t.Errorf("%s in %s speaks of void ratings where there are none", path, lang)
				}
			}
		}
	}
	check(false)
	s.write(row(`INSERT INTO void_day (day, unit, service, desk, n) SELECT ?, u.id, 1, d.id, 4321 FROM unit u, desk d WHERE u.code = 'H41.07' AND d.code = 'DH41.07'`, monday))
	check(true)
}
