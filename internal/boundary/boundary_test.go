package boundary

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "hailong"

// What rules forbid. A pattern that ends in /... stands for the package and all
// below it.
var (
	fiber      = []string{"github.com/gofiber/fiber/..."}
	nats       = []string{"github.com/nats-io/nats.go/...", natsServer}
	natsServer = "github.com/nats-io/nats-server/..."
	sql        = []string{"github.com/mattn/go-sqlite3/...", "github.com/pressly/goose/..."}
	ours       = []string{module + "/..."}
	apps       = []string{module + "/server/...", module + "/kiosk/...", module + "/cmd/..."}
)

// rule says what a package may not stand on, directly or through others.
type rule struct {
	of     string // package of this module, or with /... a folder
	why    string
	never  []string // not among all that it stands on
	itself []string // not imported by itself; others may bring it along
}

// Every package of the module is named by one rule at least: a new one has to
// be thought about here.
var rules = []rule{
	{of: "cmd/...", why: "wiring only: queries are written where the tables are known",
		itself: slices.Concat([]string{"database/sql"}, sql)},
	{of: "cmd/hailong-kiosk", why: "the program on an old PC at the counter carries nothing of the server's",
		never: []string{module + "/server/...", natsServer}},

	{of: "internal/...", why: "what kiosk and server share knows neither",
		never: apps},
	{of: "internal/survey", why: "the words and rules of the domain stand on the standard library alone",
		never: []string{module + "/...", "github.com/...", "golang.org/..."}, itself: []string{"os/...", "net", "io/...", "database/sql/..."}},
	{of: "internal/receipt", why: "ids and codes are computed, whoever asks: no files, no network, no database",
		never: slices.Concat(fiber, nats, sql), itself: []string{"os/...", "net", "net/http/...", "io/fs", "database/sql/..."}},
	{of: "internal/fact", why: "the only contract between those who record and those who compute, so it depends on neither side's means",
		never: slices.Concat(fiber, nats, sql, []string{"database/sql", module + "/internal/survey"})},
	{of: "internal/rowspace", why: "what follows from sums is reckoned, whatever they are of",
		never: slices.Concat(ours, fiber, nats, sql), itself: []string{"os/...", "net", "io/...", "database/sql/..."}},
	{of: "internal/sqlite", why: "it opens any of our files, and knows the tables of none",
		never: slices.Concat(ours, fiber, nats)},
	{of: "internal/outbox", why: "to record must work with no network in the world",
		never: slices.Concat(fiber, nats)},
	{of: "internal/bus", why: "it carries, and keeps nothing; and a kiosk must not get the NATS server with it",
		never: slices.Concat(fiber, sql, []string{natsServer})},
	{of: "internal/uplink", why: "it joins outbox and bus, and nobody calls it over HTTP",
		never: slices.Concat(fiber, []string{natsServer})},
	{of: "internal/capture", why: "the use case is the same at the kiosk and by phone, and says itself what store it needs",
		never: slices.Concat(fiber, nats, sql, []string{"database/sql", module + "/internal/outbox"})},
	{of: "internal/datadir", why: "it is asked before anything of ours is opened",
		never: slices.Concat(ours, fiber, nats, sql)},
	{of: "internal/enrolment", why: "what device and server say before they trust each other depends on neither side's means",
		never: slices.Concat(fiber, nats, sql, []string{"database/sql"}), itself: []string{"os/...", "net/http/..."}},
	{of: "internal/httpx", why: "how to answer over HTTP, not what: its callers have the data",
		never: slices.Concat(nats, sql), itself: []string{"database/sql"}},
	{of: "internal/locale", why: "words are needed by programs without pages too",
		never: slices.Concat(ours, fiber)},
	{of: "internal/bench/bare", why: "a yardstick that shares code with what it measures measures nothing",
		never: ours},

	{of: "kiosk/...", why: "a screen that records through what it is given; the server is at the other end of a wire",
		never: slices.Concat(nats, sql, []string{module + "/server/...", module + "/cmd/...", module + "/internal/outbox", module + "/internal/bus"})},

	{of: "server/...", why: "the kiosk is at the other end of a wire",
		never: []string{module + "/kiosk/...", module + "/cmd/..."}},
	{of: "server/broker", why: "the NATS server and nothing of ours: an external one takes its place",
		never: slices.Concat(ours, fiber, sql)},
	{of: "server/natsauth", why: "who may do what on NATS, for a broker inside or outside: it knows neither",
		never: slices.Concat(fiber, sql, []string{natsServer, module + "/server/projection"})},
	{of: "server/natsauth/natsauthtest", why: "what tests connect with, and to",
		never: slices.Concat(fiber, sql)},
	{of: "server/projection", why: "all writes, computed from facts alone: it can't ask who sent them or who looks",
		never: slices.Concat(fiber, nats, []string{module + "/internal/bus", module + "/internal/outbox", module + "/internal/uplink", module + "/server/index", module + "/server/keyring"})},
	{of: "server/projection/schema", why: "the tables are the contract between the projection and its readers, so it belongs to neither",
		never: slices.Concat(ours, fiber, nats)},
	{of: "server/closing", why: "it computes what is published and records through what it is given; who asks for it reads its file",
		never: slices.Concat(fiber, nats, []string{module + "/internal/outbox", module + "/server/index", module + "/server/api", module + "/server/page"})},
	{of: "server/closing/schema", why: "the tables are the contract between closings and their readers, so it belongs to neither",
		never: slices.Concat(ours, fiber, nats)},
	{of: "server/index", why: "it reads: with no projection and no outbox at hand it can't write",
		never: slices.Concat(fiber, nats, sql, []string{module + "/internal/outbox", module + "/server/projection"})},
	{of: "server/follow", why: "it moves facts between bus and projection, and nobody calls it over HTTP",
		never: slices.Concat(fiber, []string{natsServer, module + "/server/index", module + "/internal/uplink"})},
	{of: "server/words", why: "what people wrote lies apart from the facts, and can be erased without them; it is opened elsewhere",
		never: slices.Concat(fiber, []string{natsServer, module + "/server/projection", module + "/server/keyring", module + "/internal/outbox"})},
	{of: "server/texts", why: "what people wrote is read and erased here, through what it is given",
		never: slices.Concat(nats, []string{module + "/internal/outbox", module + "/server/projection", module + "/server/keyring", module + "/server/index", module + "/server/words"})},
	{of: "server/keyring", why: "secrets are in one file, and go nowhere from here",
		never: slices.Concat(fiber, nats, sql, []string{module + "/internal/fact"})},
	{of: "server/certify", why: "certificates are made of the shared secret and names; who listens with them is none of its business",
		never: slices.Concat(fiber, nats, sql, []string{"database/sql"})},
	{of: "server/enrol", why: "a use case: who may be let in is decided here, recorded and kept through what it is given",
		never: slices.Concat(nats, sql, []string{module + "/server/api", module + "/server/projection"}), itself: slices.Concat(fiber, []string{"database/sql"})},
	{of: "server/access", why: "who may do what is decided in one place, before any handler, from who asks and what for",
		never: slices.Concat(nats, []string{module + "/internal/outbox", module + "/server/account", module + "/server/index"})},
	{of: "server/account", why: "who is let in is recorded through what it is given; how they come in, by which page, is others'",
		never: slices.Concat([]string{natsServer, module + "/server/projection", module + "/server/index", module + "/internal/outbox"}), itself: slices.Concat(fiber, sql)},
	{of: "server/audit", why: "who did what is recorded through what it is given, and read like any other result",
		never: slices.Concat(nats, []string{module + "/server/index", module + "/internal/outbox"})},
	{of: "server/openid", why: "it asks strangers over the network: what it has none of can't be told to them",
		never: slices.Concat(ours, fiber, nats, sql)},
	{of: "server/prooflog", why: "it follows the projection from behind and records through what it is given, so that nothing waits for it",
		never: slices.Concat(fiber, nats, []string{module + "/internal/outbox", module + "/internal/bus", module + "/server/index"})},
	{of: "server/prooflog/schema", why: "the tables are the contract between the log and its readers, so it belongs to neither",
		never: slices.Concat(ours, fiber, nats)},
	{of: "server/verify", why: "it judges what is on the disks, so it reads and writes nothing there, and asks no running server",
		never: slices.Concat(fiber, []string{natsServer, module + "/internal/outbox", module + "/server/index", module + "/server/page"})},
	{of: "server/yamlfile", why: "how an operator's file is read, not what it says",
		never: slices.Concat(fiber, nats, sql, []string{"database/sql", module + "/server/...", module + "/internal/fact"})},
	{of: "server/questionnaire", why: "a file is read and judged without a server",
		never: slices.Concat(fiber, nats, sql, []string{"database/sql"})},
	{of: "server/organisation", why: "a file is read and judged without a server",
		never: slices.Concat(fiber, nats, sql, []string{"database/sql"})},
	{of: "server/register", why: "a use case: pages, programs and commands call it",
		never: slices.Concat(fiber, nats, []string{module + "/server/index", module + "/server/api"})},
	{of: "server/report", why: "it is given its figures, so it can neither ask for more nor compute others",
		never: slices.Concat(fiber, nats, sql, []string{module + "/server/projection", module + "/server/index"}), itself: []string{"database/sql", "os/...", "net", "net/http/..."}},
	{of: "server/periodic", why: "it fills reports with what the index answers, for a page, a program or a folder",
		never: slices.Concat(fiber, nats, sql, []string{module + "/server/projection"}), itself: []string{"database/sql"}},
	{of: "server/export", why: "how single ballots are told, so that nobody can be told apart: whoever reads them gives them",
		never: slices.Concat(fiber, nats, sql, []string{module + "/server/projection", module + "/server/index"}), itself: []string{"database/sql"}},
	{of: "server/sample", why: "made-up facts go the way of all facts: it only makes them",
		never: slices.Concat(fiber, nats, sql, []string{module + "/internal/outbox"})},
	{of: "server/api", why: "HTTP and JSON around the use cases: no queries, no bus",
		never: []string{natsServer}, itself: slices.Concat([]string{"database/sql", module + "/server/projection", module + "/internal/bus"}, nats, sql)},
	{of: "server/page", why: "pages show what the index answers",
		never: slices.Concat(nats, sql, []string{module + "/server/projection", module + "/internal/outbox"}), itself: []string{"database/sql"}},
	{of: "server/proof", why: "public pages that are told no more than they may say",
		never: slices.Concat(nats, []string{module + "/internal/outbox", module + "/server/index", module + "/server/register"}), itself: []string{"database/sql"}},
	{of: "server/admin", why: "pages around the use cases: no queries, no bus",
		never: []string{natsServer}, itself: slices.Concat([]string{"database/sql", module + "/internal/outbox"}, nats, sql)},
	{of: "server/signin", why: "pages around those who let people in: no queries, no bus of their own",
		never: []string{natsServer, module + "/server/projection", module + "/server/index", module + "/internal/outbox"}, itself: slices.Concat([]string{"database/sql"}, nats, sql)},
	{of: "server/phone", why: "the page behind a receipt says itself what it needs to know, so that it can know no more",
		never: slices.Concat(nats, sql, []string{module + "/server/projection", module + "/server/index", module + "/server/register"}), itself: []string{"database/sql"}},

	{of: "deploy/...", why: "what is installed beside the programs, tried as it is: nothing of ours is built into it", never: ours},

	{of: "web", why: "what pages are made of, for whoever serves them", never: ours},
	{of: "web/webtest", why: "pictures are compared, whatever they show", never: ours},
}

// Some packages are for a few others only.
var onlyFor = []struct {
	what string
	by   []string
	why  string
}{
	{"internal/bench/...", []string{"internal/bench/..."}, "measuring is no part of the product"},
	{"server/register/registertest", nil, "for tests"},
	{"server/openid/openidtest", nil, "for tests"},
	{"web/webtest", nil, "for tests"},
	{"server/natsauth/natsauthtest", nil, "for tests"},
	{"server/sample", []string{"cmd/hailong-server", "internal/bench/..."}, "made-up answers stay out of what computes real ones"},
	{"server/broker", []string{"cmd/hailong-server", "internal/bench/...", "server/natsauth/natsauthtest"}, "with an external NATS nothing else may notice"},
	{"server/projection/schema", []string{"server/projection", "internal/bench/..."}, "one writer"},
}

// Measuring needs parts of both programs.
const exempt = module + "/internal/bench"

func TestBoundaries(t *testing.T) {
	imports := load(t)
	all := map[string][]string{}
	for pkg := range imports {
		if within(pkg, module+"/...") {
			all[pkg] = reached(imports, pkg)
		}
	}
	named := map[string]bool{}
	for _, r := range rules {
		found := false
		for pkg, deps := range all {
			if !within(pkg, module+"/"+r.of) {
				continue
			}
			found, named[pkg] = true, true
			if pkg == exempt {
				continue
			}
			for _, dep := range deps {
				if dep != pkg && !sameFolder(pkg, dep, r.of) && matches(dep, r.never) {
					t.Errorf("%s stands on %s; %s\n\tby %s", pkg, dep, r.why, strings.Join(way(imports, pkg, dep), " → "))
				}
			}
			for _, dep := range imports[pkg] {
				if matches(dep, r.itself) {
					t.Errorf("%s imports %s; %s", pkg, dep, r.why)
				}
			}
		}
		if !found {
			t.Errorf("no package is named by the rule of %s", r.of)
		}
	}
	for pkg := range all {
		if !named[pkg] {
			t.Errorf("no rule names %s: say in this test what it is never to import, and why", pkg)
		}
	}
	for _, o := range onlyFor {
		for pkg := range all {
			if within(pkg, module+"/"+o.what) || slices.ContainsFunc(o.by, func(p string) bool { return within(pkg, module+"/"+p) }) {
				continue
			}
			for _, dep := range imports[pkg] {
				if within(dep, module+"/"+o.what) {
					t.Errorf("%s imports %s; %s", pkg, dep, o.why)
				}
			}
		}
	}
}

// The rules bite: what they are for is found where it is.
func TestFindsWhatIsThere(t *testing.T) {
	imports := map[string][]string{"a": {"b"}, "b": {"c/v2"}, "c/v2": {"c/v2/d"}, "c/v2/d": nil}
	if got := way(imports, "a", "c/v2/d"); !slices.Equal(got, []string{"a", "b", "c/v2", "c/v2/d"}) {
		t.Errorf("way: %v", got)
	}
	if got := reached(imports, "a"); len(got) != 3 {
		t.Errorf("reached: %v", got)
	}
	if !within("c/v2/d", "c/...") || within("cd", "c/...") || !within("c", "c/...") || within("c/d", "c") {
		t.Error("within")
	}
}

// topLevel is all that may stand at the top, beside files that begin with a dot.
var topLevel = []string{"cmd", "kiosk", "server", "internal", "web", "deploy",
	"go.mod", "go.sum", "Makefile", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"}

func TestTopLevel(t *testing.T) {
	root := filepath.Join("..", "..")
	// What git does not track is nobody's business but its owner's. Without git,
	// as in a released archive, everything there was tracked.
	out, err := exec.Command("git", "-C", root, "ls-files").Output()
	names := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil {
		entries, err := os.ReadDir(root)
		if err != nil {
			t.Fatal(err)
		}
		names = nil
		for _, e := range entries {
			if e.Name() != "bin" && e.Name() != "data" {
				names = append(names, e.Name())
			}
		}
	}
	seen := map[string]bool{}
	for _, name := range names {
		top, _, _ := strings.Cut(name, "/")
		seen[top] = true
	}
	for name := range seen {
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) {
			t.Errorf("%s stands at the top of the tree; what programs share goes below internal, what one of them has below its own folder", name)
		}
	}
	for _, name := range topLevel {
		if !seen[name] {
			t.Errorf("%s is missing at the top of the tree", name)
		}
	}
}

// load asks go for every package that the module needs, and its imports; tests
// aside.
func load(t *testing.T) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	// The result of a test is kept until a file changes that it looked at; go
	// does not see what a command looks at.
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && (base == "node_modules" || base == "data" || base == "dist" || base == ".git") {
			return filepath.SkipDir
		}
		if path.Ext(name) == ".go" {
			_, err = os.Stat(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir, list.Stderr = root, os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 0 {
			imports[fields[0]] = fields[1:]
		}
	}
	return imports
}

// reached gives all that a package stands on.
func reached(imports map[string][]string, pkg string) (deps []string) {
	seen := map[string]bool{pkg: true}
	for todo := []string{pkg}; len(todo) > 0; {
		next := todo[0]
		todo = todo[1:]
		for _, dep := range imports[next] {
			if !seen[dep] {
				seen[dep] = true
				deps = append(deps, dep)
				todo = append(todo, dep)
			}
		}
	}
	return deps
}

// way gives a shortest chain of imports from one package to another.
func way(imports map[string][]string, from, to string) []string {
	before := map[string]string{from: ""}
	for todo := []string{from}; len(todo) > 0; todo = todo[1:] {
		for _, dep := range imports[todo[0]] {
			if _, ok := before[dep]; !ok {
				before[dep] = todo[0]
				todo = append(todo, dep)
			}
		}
	}
	var chain []string
	for at := to; at != ""; at = before[at] {
		chain = append(chain, at)
	}
	slices.Reverse(chain)
	return chain
}

// within says whether a package is the pattern's, or below it.
func within(pkg, pattern string) bool {
	folder, ok := strings.CutSuffix(pattern, "/...")
	return pkg == folder || ok && strings.HasPrefix(pkg, folder+"/")
}

// sameFolder: a folder named by a rule may use itself.
func sameFolder(pkg, dep, of string) bool {
	return strings.HasSuffix(of, "/...") && within(pkg, module+"/"+of) && within(dep, module+"/"+of)
}

func matches(pkg string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return within(pkg, p) })
}
