package asvs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// item is a row of the table.
type item struct{ level, met, how, shown string }

func table(t *testing.T) map[string]item {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]item{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) != 8 || !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(cells[1]) {
			continue
		}
		if _, twice := all[cells[1]]; twice {
			t.Errorf("%s is there twice", cells[1])
		}
		all[cells[1]] = item{cells[2], cells[4], cells[5], cells[6]}
	}
	return all
}

// The table names tests that exist, every test is in the table, and whatever is
// said to be met is shown by something.
func TestTable(t *testing.T) {
	all := table(t)
	if len(all) < 200 {
		t.Fatalf("%d items are read", len(all))
	}
	for id, x := range all {
		if !slices.Contains([]string{"1", "2"}, x.level) || !slices.Contains([]string{"yes", "partly", "no", "–"}, x.met) {
			t.Errorf("%s: level %q, met %q", id, x.level, x.met)
		}
		switch {
		case (x.met == "yes" || x.met == "partly") && x.shown == "":
			t.Errorf("%s is met, and nothing shows it", id)
		case x.met != "yes" && x.how == "":
			t.Errorf("%s does not say why", id)
		}
		for _, name := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(x.shown, -1) {
			exists(t, id, name[1])
		}
		for _, link := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(x.shown, -1) {
			if _, err := os.Stat(link[1]); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
	files, err := filepath.Glob("v*_test.go")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "v"), "_test.go")
		if x := all[strings.ReplaceAll(name, "_", ".")]; !strings.Contains(x.shown, "`TestV"+name+"`") {
			t.Errorf("%s is not in the table", file)
		}
	}
}

// exists says whether a test of the table does: one of this folder in a file of
// its own, another in its folder.
func exists(t *testing.T, id, name string) {
	t.Helper()
	folder, test := ".", name
	if i := strings.LastIndex(name, "."); i >= 0 {
		folder, test = filepath.Join(root, name[:i]), name[i+1:]
	}
	pattern := filepath.Join(folder, "*_test.go")
	if folder == "." {
		pattern = "v" + strings.TrimPrefix(test, "TestV") + "_test.go"
	}
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "\nfunc "+test+"(t *testing.T) {") {
			return
		}
	}
	t.Errorf("%s: there is no test %s", id, name)
}
