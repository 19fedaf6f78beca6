package kiosk_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// texts reads what the screen's script has to say, by language and key.
func (d *device) texts(t *testing.T) (texts map[string]map[string]string) {
	t.Helper()
	_, page := d.ask(t, "/", "", "")
	found := regexp.MustCompile(`(?s)id="texts">(.*?)</script>`).FindStringSubmatch(page)
	if found == nil {
		t.Fatal("no texts in", page)
	}
	if err := json.Unmarshal([]byte(found[1]), &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

// What a citizen may meet is said in every language of the kiosk; in Vietnamese
// and English by the very sentences of the catalogue of errors.
func TestErrorsInEveryLanguage(t *testing.T) {
	d := newDevice(t, nil)
	d.offer(t, "vi", "en", "lo")
	texts := d.texts(t)
	for code, args := range map[survey.Code][]any{
		survey.CodeBadReceiptID: nil, survey.CodeUnknownScan: nil, survey.CodeScanTooLong: {receipt.MaxScan}, survey.CodeBadSession: nil,
		survey.CodeStaleForm: nil, survey.CodeStorageFull: nil, survey.CodeStorageFailing: nil, survey.CodeUnavailable: nil,
	} {
		e, key := survey.New(code, args...), "kiosk.error."+string(code)
		if texts["vi"][key] != e.Message || texts["en"][key] != e.MessageEN {
			t.Errorf("%s is said as %q and %q, in the catalogue as %q and %q", code, texts["vi"][key], texts["en"][key], e.Message, e.MessageEN)
		}
		if lao := texts["lo"][key]; !regexp.MustCompile(`\p{Lao}`).MatchString(lao) {
			t.Errorf("%s in Lao: %q", code, lao)
		}
	}
}

func TestErrorsOnTheLaoScreen(t *testing.T) {
	d := newDevice(t, nil)
	d.offer(t, "vi", "en", "lo")
	want := d.texts(t)["lo"]["kiosk.error."+string(survey.CodeUnknownScan)]
	ctx := visit(t, d, "")
	do(t, ctx, chromedp.Click(`a[data-language="lo"]`), scanner("?? no code at all ??"), chromedp.WaitVisible("#problem"))
	if said := get(t, ctx, chromedp.Text("#problem")); said != want {
		t.Errorf("said %q, want %q", said, want)
	}
	// Without script too.
	_, page := d.ask(t, "/?lang=lo", "", "")
	if _, page := d.form(t, "/scan?lang=lo", "mark", hidden(t, page, "mark"), "scan", "?? no code at all ??"); !strings.Contains(page, `role="alert">`+want+`</p>`) {
		t.Errorf("without script: %s", page)
	}
}
