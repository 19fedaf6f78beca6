package kiosk_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// heard gives the names that a screen reader reads of what has a role, in order.
func heard(t *testing.T, ctx context.Context, role string) (names []string) {
	t.Helper()
	tree := get(t, ctx, chromedp.Action[[]*accessibility.Node](func(ctx context.Context, target *chromedp.Target) ([]*accessibility.Node, error) {
		r, err := cdp.Call(ctx, target, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		return r.Nodes, err
	}))
	text := func(v *accessibility.Value) (s string) {
		if v != nil && json.Unmarshal(v.Value, &s) != nil {
			t.Errorf("a value that is no text: %s", v.Value)
		}
		return s
	}
	for _, n := range tree {
		if !n.Ignored && text(n.Role) == role {
			names = append(names, text(n.Name))
		}
	}
	return names
}

// A screen reader reads the faces as their words, the best first, and the
// question above them; the drawings are silent.
func TestFacesAreHeard(t *testing.T) {
	d := newDevice(t, nil)
	d.offer(t, "vi", "en", "lo")
	q := sheet(t)
	for _, language := range []string{"vi", "en", "lo"} {
		t.Run(language, func(t *testing.T) {
			ctx := browse(t)
			do(t, ctx, times(""), chromedp.Navigate(d.url+"/?lang="+language), step("start"), scanner(newID(t).String()), step("faces"))
			var want []string
			for score := 5; score >= 1; score-- {
				want = append(want, q.Scale[score-1][language])
			}
			faces := func() (found []string) {
				for _, name := range heard(t, ctx, "button") {
					if slices.Contains(want, name) {
						found = append(found, name)
					}
				}
				return found
			}
			if got := faces(); !slices.Equal(got, want) {
				t.Errorf("the faces are heard as %q", got)
			}
			if got := heard(t, ctx, "group"); !slices.Equal(got, []string{q.Services[0].Overall[language]}) {
				t.Errorf("above them is heard %q", got)
			}
			if got := heard(t, ctx, "heading"); !slices.Equal(got, []string{q.Services[0].Overall[language]}) {
				t.Errorf("the headings are %q", got)
			}
			if got := append(heard(t, ctx, "image"), heard(t, ctx, "SvgRoot")...); len(got) > 1 { // the sign for staff
				t.Errorf("drawings are heard: %q", got)
			}
			do(t, ctx, tap("5"), step("thanks"), chromedp.Click("#more"), step("ask"))
			if got := faces(); !slices.Equal(got, want) {
				t.Errorf("the faces of a question are heard as %q", got)
			}
			if got := heard(t, ctx, "group"); !slices.Equal(got, []string{q.Services[0].Questions[0].Text[language]}) {
				t.Errorf("above them is heard %q", got)
			}
		})
	}
}

// voices stands for a device that has these voices; what is said is noted.
func voices(list string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
			window.said = [];
			Object.defineProperty(window, "speechSynthesis", {value: {getVoices: () => ` + list + `, speak: (u) => said.push(u.lang + ": " + u.text), cancel: () => said.push("hush"), addEventListener() {}}});
			window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text } };`})
		return err
	})
}

// «Đọc to» is there where the device itself has a voice of the language, reads
// the screen that is shown, and is silent when another one is.
func TestReadingAloud(t *testing.T) {
	d := newDevice(t, nil)
	d.offer(t, "vi", "en", "lo")
	const local, remote = `{lang: "vi_VN", localService: true}`, `{lang: "en-US", localService: false}`
	hidden := chromedp.Evaluate[bool](`document.querySelector("#aloud").hidden || !document.querySelector("#aloud").offsetParent`)
	for _, test := range []struct {
		name, voices string
		shown        map[string]bool // by language
	}{
		{"none", `[]`, map[string]bool{}},
		{"a Vietnamese one", `[` + local + `]`, map[string]bool{"vi": true}},
		{"another's, far away", `[{lang: "vi-VN", localService: false}]`, map[string]bool{}},
		{"two", `[` + remote + `, ` + local + `, {lang: "en-GB", localService: true}]`, map[string]bool{"vi": true, "en": true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := browse(t)
			do(t, ctx, voices(test.voices), times(""), chromedp.Navigate(d.url+"/"), step("start"), chromedp.Click("#begin"), step("how"))
			for _, language := range []string{"vi", "en", "lo"} {
				do(t, ctx, chromedp.Click(`a[data-language="`+language+`"]`), until(`document.documentElement.lang === "`+language+`"`))
				if got := get(t, ctx, hidden); got == test.shown[language] {
					t.Errorf("in %s hidden: %v", language, got)
				}
			}
			if !test.shown["vi"] {
				return
			}
			do(t, ctx, chromedp.Click(`a[data-language="vi"]`), scanner(newID(t).String()), step("faces"), chromedp.Click("#aloud"))
			said := get(t, ctx, chromedp.Evaluate[[]string](`said`))
			last := said[len(said)-1]
			q := sheet(t)
			at := -1
			for _, part := range []string{q.Services[0].Overall["vi"], q.Scale[4]["vi"], q.Scale[3]["vi"], q.Scale[2]["vi"], q.Scale[1]["vi"], q.Scale[0]["vi"]} {
				i := strings.Index(last, part)
				if i <= at {
					t.Errorf("%q is not read, or not in order: %q", part, last)
				}
				at = i
			}
			if !strings.HasPrefix(last, "vi") {
				t.Errorf("read as %q", last)
			}
			do(t, ctx, tap("5"), step("thanks"))
			if said := get(t, ctx, chromedp.Evaluate[[]string](`said`)); said[len(said)-1] != "hush" {
				t.Errorf("it goes on reading the screen before: %q", said)
			}
		})
	}
}

// Where a person asked for less motion, nothing moves on any screen.
func TestNothingMovesWhereLessMotionIsAsked(t *testing.T) {
	d := newDevice(t, nil)
	d.offer(t, "vi", "en", "lo")
	ctx := browse(t)
	do(t, ctx, times(""), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
	eachScreen(t, ctx, d, "vi", func(name string) {
		t.Helper()
		if moving := get(t, ctx, chromedp.Evaluate[[]string](`document.getAnimations().filter((a) => a.playState === "running").map((a) => a.effect.target.outerHTML.slice(0, 80))`)); len(moving) > 0 {
			t.Errorf("%s: %s", name, strings.Join(moving, "; "))
		}
	})
}
