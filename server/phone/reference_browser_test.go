package phone_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/internal/survey"
	"hailong/web/webtest"
)

// The phone's page looks as it did when somebody last looked at it: see package
// webtest.
func TestPhonePageLooksLikeItsReference(t *testing.T) {
	f := newFixture(t)
	f.versions = []*survey.Questionnaire{example(t)}
	v := f.visit(t, 390, 844)
	look := func(name string) {
		t.Helper()
		// The page uses the device's own fonts: here, one that make test installs.
		ask[bool](v, `document.activeElement.blur(), document.body.style.fontFamily = "Liberation Sans", true`)
		png, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		webtest.Picture(t, "phone-"+name+"-390x844", png)
	}
	v.follow(chromedp.Navigate(v.base+"/r/"+f.receipt(t, open).String()), facesShown)
	look("faces")
	v.follow(chromedp.Click(`.faces button[value="5"]`), moreShown)
	look("more")
}
