package locale_test

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"hailong/internal/locale"
	"hailong/web"
)

func load(t *testing.T) *locale.Catalogue {
	t.Helper()
	c, err := locale.Load(web.Locales()) // names every key that a language lacks
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryKeyThatTemplatesUseExists(t *testing.T) {
	known := map[string]bool{}
	for _, key := range load(t).Keys() {
		known[key] = true
	}
	use := regexp.MustCompile(`\.T "([^"]+)"`)
	found := 0
	err := fs.WalkDir(web.Templates(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(web.Templates(), name)
		for _, m := range use.FindAllSubmatch(data, -1) {
			found++
			if !known[string(m[1])] {
				t.Errorf("%s uses %q, which no catalogue has", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no template uses any key: the pattern of this test is wrong")
	}
}

// A key in Go code is the first argument of a method named T.
func TestEveryKeyThatCodeUsesExists(t *testing.T) {
	known := map[string]bool{}
	for _, key := range load(t).Keys() {
		known[key] = true
	}
	use := regexp.MustCompile(`\.T\("([^"]+)"[,)]`)
	root := filepath.Join("..", "..")
	for _, top := range []string{"internal", "kiosk", "server"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			data, err := os.ReadFile(name)
			for _, m := range use.FindAllSubmatch(data, -1) {
				if !bytes.HasSuffix(m[1], []byte(".")) && !known[string(m[1])] {
					t.Errorf("%s uses %q, which no catalogue has", name, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadReportsEveryFault(t *testing.T) {
	_, err := locale.Load(fstest.MapFS{
		"a.vi.json": {Data: []byte(`{"language":"Tiếng Việt","x":"x"}`)},
		"b.vi.json": {Data: []byte(`{"x":"y"}`)},
		"a.en.json": {Data: []byte(`{"language":"English","z":"z"}`)},
		"b.lo.json": {Data: []byte(`{"q":"q"}`)},
		"n.lo.json": {Data: []byte(`{}`)},
		"c.json":    {Data: []byte(`{"q":"q"}`)},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`"x" is in another file`, `"x" is missing in "en"`, `"z" is missing in "vi"`, "c.json", "b.en.json is missing", `"x" is missing in "lo"`, `"q" is missing in "vi"`,
		"n.vi.json is missing", "n.en.json is missing", `"lo" does not say what it is called`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if _, err := locale.Load(fstest.MapFS{"a.en.json": {Data: []byte(`{"language":"English"}`)}}); err == nil {
		t.Error("a catalogue without Vietnamese was taken")
	}
}

// A language with the citizens' pages alone: what it lacks is Vietnamese.
func TestPartialLanguage(t *testing.T) {
	c, err := locale.Load(fstest.MapFS{
		"a.vi.json": {Data: []byte(`{"language":"Tiếng Việt","x":"một"}`)}, "b.vi.json": {Data: []byte(`{"y":"hai","z":"{{.N}} việc"}`)},
		"a.en.json": {Data: []byte(`{"language":"English","x":"one"}`)}, "b.en.json": {Data: []byte(`{"y":"two","z":"{{.N}} tasks"}`)},
		"a.lo.json": {Data: []byte(`{"language":"ລາວ","x":"ໜຶ່ງ"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	lo := c.Language("lo")
	if got := []string{lo.Name, lo.T("x"), lo.T("y"), lo.T("z", "N", 3), lo.Texts("y")["y"]}; !slices.Equal(got, []string{"ລາວ", "ໜຶ່ງ", "hai", "3 việc", "hai"}) {
		t.Errorf("%q", got)
	}
	if lo.Whole || !c.Language("vi").Whole || !c.Language("en").Whole {
		t.Error("only Lao is not whole")
	}
	tags := func(c *locale.Catalogue) (all []string) {
		for _, l := range c.Languages() {
			all = append(all, l.Tag)
		}
		return all
	}
	for _, test := range []struct {
		c    *locale.Catalogue
		want []string
	}{
		{c, []string{"vi", "en", "lo"}}, {c.Whole(), []string{"vi", "en"}}, {c.Only("lo", "en", "fr", "lo"), []string{"vi", "lo", "en"}}, {c.Only(), []string{"vi"}}, {c, []string{"vi", "en", "lo"}},
	} {
		if got := tags(test.c); !slices.Equal(got, test.want) {
			t.Errorf("languages %q, want %q", got, test.want)
		}
	}
	for _, test := range []struct {
		c    *locale.Catalogue
		want string
	}{{c, "lo"}, {c.Whole(), "en"}, {c.Only("lo"), "lo"}, {c.Only(), "vi"}} {
		if got := test.c.Accept("lo,en;q=0.5").Tag; got != test.want {
			t.Errorf("accepts %q, want %q", got, test.want)
		}
	}
}

// The product's own catalogues: Vietnamese and English have everything.
func TestOwnLanguages(t *testing.T) {
	c := load(t)
	for _, tag := range []string{"vi", "en"} {
		if l := c.Language(tag); l == nil || !l.Whole {
			t.Errorf("%s is not whole", tag)
		}
	}
	if l := c.Language("lo"); l == nil || l.Whole || l.T("phone.title") == c.Language("vi").T("phone.title") {
		t.Errorf("Lao: %+v", l)
	}
}

func TestMessagesWithArguments(t *testing.T) {
	c, err := locale.Load(fstest.MapFS{
		"a.vi.json": {Data: []byte(`{"language":"Tiếng Việt","n":{"other":"{{.Count}} phiếu của {{.Unit}}"}}`)},
		"a.en.json": {Data: []byte(`{"language":"English","n":{"one":"{{.Count}} ballot of {{.Unit}}","other":"{{.Count}} ballots of {{.Unit}}"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	vi, en := c.Language("vi"), c.Language("en")
	for _, test := range []struct{ got, want string }{
		{vi.T("n", "Count", 1234, "Unit", "A & B"), "1.234 phiếu của A & B"},
		{en.T("n", "Count", int64(1), "Unit", "A"), "1 ballot of A"},
		{en.T("n", "Count", 1234, "Unit", "A"), "1,234 ballots of A"},
		{vi.T("no such key"), "no such key"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestVietnameseWinsWhereverItIsAccepted(t *testing.T) {
	c := load(t).Whole()
	for header, want := range map[string]string{
		"":                                 "vi",
		"vi-VN,vi;q=0.9":                   "vi",
		"en-US,en;q=0.9,vi;q=0.1":          "vi",
		"en-US,en;q=0.9":                   "en",
		"en-GB":                            "en",
		"en,vi;q=0":                        "en",
		"fr-FR,fr;q=0.9":                   "vi",
		"lo,th;q=0.5":                      "vi",
		";;;q=broken":                      "vi",
		strings.Repeat("en,", 1000) + "en": "vi",
	} {
		if got := c.Accept(header).Tag; got != want {
			t.Errorf("%.40q gives %q, want %q", header, got, want)
		}
	}
}

func TestNumbersAndDates(t *testing.T) {
	c := load(t)
	vi, en := c.Language("vi"), c.Language("en")
	evening := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC) // the 23rd in Vietnam
	for _, test := range []struct{ got, want string }{
		{vi.Number(0), "0"}, {vi.Number(999), "999"}, {vi.Number(1234), "1.234"},
		{vi.Number(-1234567), "−1.234.567"}, {en.Number(1234567), "1,234,567"},
		{vi.Number(math.MinInt64), "−9.223.372.036.854.775.808"},
		{vi.Percent(.956, 1), "95,6%"}, {en.Percent(.956, 1), "95.6%"}, {vi.Percent(math.NaN(), 1), "–"},
		{vi.Decimal(-0.04, 1), "0,0"}, {vi.Decimal(-1234.56, 1), "−1.234,6"},
		{vi.Ratio(0, 0, 1), "–"}, {vi.Ratio(2, 3, 1), "66,7%"}, {vi.Ratio(95, 100, 1), "95,0%"},
		{vi.Ratio(19001, 20000, 1), "95,0%"}, {vi.Ratio(19001, 20000, 2), "95,01%"}, {vi.Ratio(7, 7, 0), "100%"},
		{vi.Hundredths(9500), "95%"}, {vi.Hundredths(9550), "95,5%"}, {vi.Hundredths(9505), "95,05%"}, {en.Hundredths(9833), "98.33%"},
		{vi.Date(evening), "23/11/2026"}, {en.Date(evening), "23 Nov 2026"},
		{c.Language("lo").Date(evening), "23/11/2026"}, {vi.Moment(evening), "01:30 23/11/2026"}, {vi.Clock(evening), "01:30"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

// Whatever the numbers, the written ratio read back is within half a unit of
// its last decimal.
func TestRatioIsRoundedExactly(t *testing.T) {
	vi := load(t).Language("vi")
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Int64Range(1, 1<<40).Draw(t, "whole")
		part := rapid.Int64Range(0, whole).Draw(t, "part")
		text := vi.Ratio(part, whole, 2)
		digits := strings.NewReplacer(".", "", ",", "", "%", "").Replace(text)
		var units int64
		for _, d := range digits {
			units = units*10 + int64(d-'0')
		}
		// units/10000 ≈ part/whole
		if diff := math.Abs(float64(units)/10000 - float64(part)/float64(whole)); diff > .00005000001 {
			t.Fatalf("%d of %d is written %s", part, whole, text)
		}
	})
}

func TestLinksCarryTheLanguageOnlyWhenAsked(t *testing.T) {
	c := load(t)
	quiet := locale.Choice{Language: c.Language("en")}
	asked := locale.Choice{Language: c.Language("en"), Explicit: true}
	for _, test := range []struct{ got, want string }{
		{quiet.Link("/r"), "/r"}, {asked.Link("/r"), "/r?lang=en"},
		{asked.Link("/?from=2026-01-01#top"), "/?from=2026-01-01&lang=en#top"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
