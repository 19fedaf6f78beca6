package httpxtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Axe gives a JavaScript expression that has axe-core look at the page that a
// browser shows: the rules of WCAG 2.2 of the levels A, AA and AAA, and the best
// practices. It is a promise of the violations, one text each; that axe looked
// at nothing is one too. The test fails where make web did not install axe-core.
func Axe(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, none := os.Stat(filepath.Join(dir, "go.mod")); none == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	axe, err := os.ReadFile(filepath.Join(dir, "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("%v: make web installs axe-core", err)
	}
	return "void (() => {" + string(axe) + `})(); axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		resultTypes: ["violations"],
	}).then((r) => [
		...r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 300) + " " + n.any.map((c) => c.message).join(" ")).join("; ")),
		...(r.passes.length > 15 ? [] : ["axe looked at nothing"]),
		...(["color-contrast-enhanced", "target-size"].filter((id) => ![...r.passes, ...r.violations, ...r.incomplete, ...r.inapplicable].some((x) => x.id === id)).map((id) => "axe did not try " + id)),
	])`
}
