package phone_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hailong/internal/receipt"
)

// The thanks offer the proof code of what was just recorded, on both ways to
// them; its page says nothing of the answer. A code that is none is not shown.
func TestThanksOfferAProofCode(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	more := f.tap(t, id, url.Values{"score": {"1"}, "version": {"1"}})
	_, body := f.ask(t, more.String(), nil)
	enough := regexp.MustCompile(`href="(/r/[^"]*/thanks[^"]*)"`).FindStringSubmatch(body)
	if enough == nil {
		t.Fatal(body)
	}
	for _, thanks := range []string{html.UnescapeString(enough[1]), f.send(t, more, url.Values{"comment": {"x"}})} {
		_, body := f.ask(t, thanks, nil)
		shown := regexp.MustCompile(`<p class="code">([^<]*)</p>`).FindStringSubmatch(body)
		if shown == nil {
			t.Fatal(body)
		}
		proof, err := receipt.ParseProof(html.UnescapeString(shown[1]))
		if err != nil {
			t.Fatal(err)
		}
		rating := f.ratings(t)[0]
		if head := f.outbox.Head(); !proof.Of(rating.Nonce) || proof.Number != 2 || string(proof.Origin[:]) != string(head.Origin[:3]) {
			t.Errorf("%+v is not of the tap", proof)
		}
		if !strings.Contains(body, `href="/proof/`+proof.String()) && !strings.Contains(html.UnescapeString(body), `href="/proof/`+proof.String()) {
			t.Errorf("no link: %s", body)
		}
	}
	for _, p := range []string{"", "x", "<script>", strings.Repeat("0", 21) + "1"} {
		res, body := f.ask(t, "/r/"+id.String()+"/thanks?p="+url.QueryEscape(p), nil)
		if res.StatusCode != 200 || strings.Contains(body, `class="code"`) || strings.Contains(body, "<script>") {
			t.Errorf("%q: %d %s", p, res.StatusCode, body)
		}
	}
}
