package phone_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"hailong/internal/httpx/httpxtest"
	"hailong/internal/survey"
)

// axe-core finds no fault on any page, in any language, with the questions of
// the example.
func TestEveryPhonePageIsAccessible(t *testing.T) {
	axe := httpxtest.Axe(t)
	for _, language := range []string{"vi", "en", "lo"} {
		t.Run(language, func(t *testing.T) {
			f := newFixture(t)
			f.versions = []*survey.Questionnaire{example(t)}
			f.held = held
			v := f.visit(t, 390, 844)
			scripts := func(on bool) {
				t.Helper()
				if _, err := chromedp.Call(v.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
					t.Fatal(err)
				}
			}
			inspect := func(name string) {
				t.Helper()
				scripts(true) // axe-core is one
				faults, err := chromedp.Run(v.ctx, chromedp.Evaluate[[]string](axe, chromedp.EvalAwaitPromise))
				scripts(false)
				if err != nil {
					t.Fatal(err)
				}
				for _, fault := range faults {
					t.Errorf("%s: %s", name, fault)
				}
			}
			in := "?lang=" + language
			known := open
			known.Officer = true
			id := f.receipt(t, known).String()
			v.follow(chromedp.Navigate(v.base+"/r/"+id+in), facesShown)
			inspect("faces")
			v.follow(chromedp.Click(`.faces button[value="2"]`), moreShown)
			inspect("more")
			v.openAll()
			inspect("more, opened")
			v.do(chromedp.Click(`label[for="access-4"]`), chromedp.SendKeys("#comment", "Phải chờ lâu."), chromedp.Click(`label[for="consent"]`), chromedp.WaitVisible("#contact"), chromedp.SendKeys("#contact", "0900 000 000"))
			inspect("more, filled")
			v.follow(chromedp.Click(`form button.button`), thanksShown)
			inspect("thanks")
			closed := open
			closed.WindowOpen = false
			for name, path := range map[string]string{
				"notes": "/r/" + id + "/thanks" + in + "&cut=1&nocontact=1", "closed": "/r/" + f.receipt(t, closed).String() + in,
				"unknown": "/r/0000000000000000X" + in, "type": "/r" + in, "error": "/r/a/b/c" + in,
				"privacy": "/privacy" + in, "data": "/r/" + id + "/data" + in,
			} {
				v.follow(chromedp.Navigate(v.base+path), "main")
				inspect(name)
			}
		})
	}
}
