package phone_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/internal/survey"
	"hailong/server/phone"
)

var held = phone.Held{
	Dossier: true, Desk: "Bộ phận một cửa phường Trường Thi", DeskEN: "One-stop desk of Trường Thi ward", Unit: "UBND phường Trường Thi", Field: "HTCT", Officer: true,
	Received: survey.NewDay(2026, 11, 3), Due: survey.NewDay(2026, 11, 10), LastEvent: survey.NewDay(2026, 11, 9), Receipts: 2,
	Ratings: []phone.Given{
		{Day: survey.NewDay(2026, 11, 9), Channel: survey.ChannelKiosk, Binding: survey.BindingDossier}, {Channel: survey.ChannelPhone, Binding: survey.BindingReceipt},
	},
	Comment: phone.Kept{Held: true, Until: survey.NewDay(2027, 11, 9)}, Contact: phone.Kept{Erased: true}, CommentDays: 365, Reach: 90,
}

// Whoever has the receipt reads what is held about it, and when it goes; a page
// and a file say the same, and neither has an answer or a word in it.
func TestDataOfAReceipt(t *testing.T) {
	f := newFixture(t)
	f.held = held
	closed := open
	closed.WindowOpen = false
	for _, known := range []phone.Known{open, closed} {
		id := f.receipt(t, known).String()
		r, body := f.ask(t, "/r/"+id+"/data", nil)
		for _, want := range []string{"Bộ phận một cửa phường Trường Thi", "03/11/2026", "10/11/2026", "09/11/2026", "máy tại quầy, bằng mã hồ sơ", "điện thoại", "chưa rõ ngày",
			"đang giữ, đến hết ngày 09/11/2027", "đã xóa", "HTCT", "người in giấy hẹn cũng biết mã"} {
			if !strings.Contains(body, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		if r.StatusCode != http.StatusOK || r.Header.Get("Cache-Control") != "no-store" {
			t.Error(r.Status, r.Header)
		}
		if _, body := f.ask(t, "/r/"+id+"/data?lang=en", nil); !strings.Contains(body, "One-stop desk of Trường Thi ward") {
			t.Error("the English page has other names")
		}
		r, body = f.ask(t, "/r/"+id+"/data?format=json", nil)
		var file map[string]any
		if err := json.Unmarshal([]byte(body), &file); err != nil || r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") || r.Header.Get("Cache-Control") != "no-store" {
			t.Fatal(err, r.StatusCode, r.Header)
		}
		if strings.Contains(r.Header.Get("Content-Disposition"), id) {
			t.Error("the file's name has the receipt's id, which then stays in a folder")
		}
		for name, want := range map[string]string{
			"receipt": `{"desk":"Bộ phận một cửa phường Trường Thi","due":"2026-11-10","field":"HTCT","kind":"dossier","last_event":"2026-11-09","officer_named":true,"receipts":2,"received":"2026-11-03","unit":"UBND phường Trường Thi"}`,
			"answers": `[{"bound":"dossier","by":"kiosk","day":"2026-11-09"},{"bound":"receipt","by":"phone"}]`,
			"comment": `{"held":true,"until":"2027-11-09"}`, "contact": `{"erased":true,"held":false}`, "retention": `{"comment_days":365,"contact_days":90}`,
		} {
			if got, _ := json.Marshal(file[name]); string(got) != want {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
	if r, body := f.ask(t, "/r/"+f.receipt(t, phone.Known{}).String()+"/data", nil); r.StatusCode != http.StatusNotFound || strings.Contains(body, "Trường Thi") {
		t.Error("unknown receipt:", r.StatusCode)
	}
	id := f.receipt(t, open).String()
	for _, query := range []string{"?format=xml", "?score=1", "?format=json&format=json"} {
		if r, _ := f.ask(t, "/r/"+id+"/data"+query, nil); r.StatusCode < 400 || r.StatusCode >= 500 {
			t.Error(query, r.StatusCode)
		}
	}
}

// The page of privacy says the times that hold, and every page links to it.
func TestPrivacy(t *testing.T) {
	f := newFixture(t)
	r, body := f.ask(t, "/privacy", nil)
	if r.StatusCode != http.StatusOK || !strings.Contains(body, "Lời góp ý: 400 ngày") || !strings.Contains(body, "45 ngày") || !strings.Contains(body, "91/2025/QH15") {
		t.Error(r.StatusCode, body)
	}
	id := f.receipt(t, open).String()
	for _, path := range []string{"/r", "/r/" + id, "/r/" + id + "/thanks", "/r/" + id + "/data"} {
		if _, body := f.ask(t, path, nil); !strings.Contains(body, `href="/privacy"`) {
			t.Error(path, "does not lead to it")
		}
	}
	if _, body := f.ask(t, "/r/"+id+"/thanks?lang=lo", nil); !strings.Contains(body, `href="/privacy?lang=lo"`) || !strings.Contains(body, `/r/`+id+`/data?lang=lo"`) {
		t.Error("the links lose the language")
	}
}

// Both as they look, for whoever looks at pictures.
func TestPagesOfData(t *testing.T) {
	f := newFixture(t)
	f.held = held
	v := f.visit(t, 390, 844)
	id := f.receipt(t, open).String()
	for _, language := range []string{"vi", "en", "lo"} {
		v.follow(chromedp.Navigate(v.base+"/privacy?lang="+language), "h2")
		v.shoot("privacy-" + language)
		v.follow(chromedp.Navigate(v.base+"/r/"+id+"/data?lang="+language), "dl")
		v.shoot("data-" + language)
	}
}
