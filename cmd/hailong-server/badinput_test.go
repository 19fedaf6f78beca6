package main

import (
	"strings"
	"testing"

	"hailong/internal/httpx/httpxtest"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/register"
)

const (
	kindJSON = "application/json"
	kindForm = "application/x-www-form-urlencoded"
)

// TestBadInput sends the real server what is wrong with each route: it is
// refused calmly, in both languages, and nothing is recorded.
func TestBadInput(t *testing.T) {
	s := organised(t)
	id := s.register("MC-VPUB", anHourAgo(), code(1))[0].ID
	recorded := s.recorded()
	long := strings.Repeat("x", 7000)
	bad, post, get := []httpxtest.Bad{}, httpxtest.Post, httpxtest.Get

	// The phone's page.
	for _, score := range []string{"0", "6", "1.5", `"5"`, "", "-1", "+5", "%205", "5%00", "%EF%BC%95", "%ff", "5e0", "0x5", "99999999999999999999"} {
		bad = append(bad, post("/r/"+id, kindForm, "score="+score, ""))
	}
	bad = append(bad,
		post("/r/"+id, kindForm, "", survey.CodeBadScore), post("/r/"+id, kindForm, "score=5&score=4", survey.CodeBadForm),
		post("/r/"+id, kindForm, "score=5&nonsense=1", survey.CodeUnknownField), post("/r/"+id, kindForm, "score=5&%ff=1", survey.CodeBadForm),
		post("/r/"+id, kindForm, strings.Repeat("a=b&", 20000), ""), post("/r", kindForm, "code=", ""),
		post("/r", kindForm, "code=%ff", survey.CodeBadForm), post("/r", kindForm, "nonsense=1", survey.CodeUnknownField))
	for body, want := range map[string]survey.Code{"": survey.CodeStaleForm, "t=x": survey.CodeStaleForm, "t=%00": survey.CodeStaleForm, "t=" + strings.Repeat("A", 63): survey.CodeStaleForm,
		"t=x&t=y": survey.CodeBadForm, "t=x&comment=%ff": survey.CodeBadForm, "t=x&score=5": survey.CodeUnknownField, "t=x&answer.=5": survey.CodeUnknownField, "t=x&good.%3Cb%3E=1": survey.CodeUnknownField,
		"t=x&comment=" + strings.Repeat("x", 300<<10): survey.CodeBodyTooLarge} {
		bad = append(bad, post("/r/"+id+"/more", kindForm, body, want))
	}
	bad = append(bad, post("/r/"+id, kindForm, "score=5&session=x", survey.CodeBadSession), post("/r/"+id, kindForm, "score=5&session="+strings.Repeat("0", 32), survey.CodeBadSession),
		post("/r/"+id, kindForm, "score=5&version=-1", survey.CodeBadField), post("/r/"+id, kindForm, "score=5&version=65536", survey.CodeBadField))
	for _, unknown := range []string{"0000000000000000X", "00000000000000000", "x", "%ff%fe", "%00", "..%2f..%2fetc", long, "<script>alert(1)</script>", "AAAAAAAAAAAAAAAA" + "A"} {
		// As a page these are the friendly one on which the code can be typed.
		unknown = strings.NewReplacer("<", "%3C", ">", "%3E").Replace(unknown)
		for _, a := range []answer{look(t, s.url+"/r/"+unknown), s.byPhone(unknown, "5"), look(t, s.url+"/r/"+unknown+"/thanks"), look(t, s.url+"/r/"+unknown+"/more?t=x")} {
			if a.status < 400 || a.status > 499 || strings.Contains(a.body, "<script>") || strings.Contains(a.body, "Đã ghi nhận") {
				t.Errorf("/r/%.40s: %d %.200s", unknown, a.status, a.body)
			}
		}
	}

	// The staff pages and the index.
	for _, q := range []string{"?period=century", "?at=x", "?period=day&at=2026-02-30", "?from=2026-02-30&until=2026-03-01", "?from=2026-03-02&until=2026-03-01", "?from=1/1/2026&until=x",
		"?unit=KHONG-CO", "?kind=khong-co", "?service=x", "?sort=x", "?sort=--rank", "?nonsense=1", "?period=%ff", "?unit=%00", "?unit=" + long} {
		bad = append(bad, get("/"+q, ""), get("/province"+q, ""))
	}
	for _, q := range []string{"?period=century", "?period=day&at=2026-02-30", "?period=year&at=2999-01-01", "?service=x", "?nonsense=1", "?from=2026-03-02&until=2026-03-01", "?from=1990-01-01&until=2026-01-01"} {
		bad = append(bad, get("/unit/VINH"+q, ""))
	}
	for _, q := range []string{"?a=KHONG-CO", "?a=%ff", "?b=" + long, "?a=VINH&from_b=x", "?a=VINH&from_b=2026-03-02&until_b=2026-03-01", "?period=century", "?nonsense=1", "?a=VINH&a=VINH"} {
		bad = append(bad, get("/compare"+q, ""))
	}
	for _, d := range []string{"KHONG-CO", "%ff", "%00", "a%2fb", "'%20OR%201=1", long} {
		bad = append(bad, get("/unit/"+d, ""), get("/board/"+d, ""))
	}
	bad = append(bad, get("/board/VINH?period=day", survey.CodeUnknownParameter))
	for _, d := range []string{"KHONG-CO", "%ff", "%00", "a%2fb", "'%20OR%201=1", long} {
		bad = append(bad, get("/desk/"+d, ""), get("/desk/"+d+"/live", ""), get("/print/receipts?desk="+d, ""))
	}
	for q, want := range map[string]survey.Code{"": survey.CodeMissingField, "?from=2026-01-01": survey.CodeMissingField, "?from=2026-01-01&to=2026-02-30": survey.CodeBadDate,
		"?from=2026-02-02&to=2026-01-01": survey.CodeFromAfterTo, "?from=01/01/2026&to=2026-02-01": survey.CodeBadDate, "?from=2026-01-01&to=2026-02-01&unit=KHONG-CO": survey.CodeUnknownUnit,
		"?from=2026-01-01&to=2026-02-01&unit=": survey.CodeUnknownUnit, "?from=2026-01-01&to=2026-02-01&service=x": survey.CodeUnknownService, "?from=2026-01-01&to=2026-02-01&x=1": survey.CodeUnknownParameter,
		"?from=2026-01-01&from=2026-01-02&to=2026-02-01": "", "?from=0000-01-01&to=9999-12-31": "", "?from=%ff&to=%fe": survey.CodeBadDate, "?from=-1&to=999999999999": survey.CodeBadDate} {
		bad = append(bad, get("/api/v1/index"+q, want))
	}

	// The operators' routes: with the token, since without it all are refused.
	for _, path := range []string{"/api/v1/receipts", "/api/v1/receipts/reprint", "/api/v1/receipts/page", "/api/v1/slips", "/api/v1/dossiers/events", "/api/v1/kiosks/admit", "/api/v1/kiosks/revoke", "/api/v1/forks/decide"} {
		for body, want := range map[string]survey.Code{"": survey.CodeBadJSON, "{": survey.CodeBadJSON, "[]": survey.CodeBadJSON, "null": "", "{} {}": survey.CodeBadJSON, "\xff": survey.CodeBadJSON, "{\"\xff\":1}": survey.CodeBadJSON,
			`{"nonsense":1}`: survey.CodeUnknownField, "{}": "", strings.Repeat("[", 50000): "", `{"code":5,"key":5,"unit":5,"origin":5,"events":5}`: ""} {
			bad = append(bad, post(path, kindJSON, body, want))
		}
		bad = append(bad, post(path+"?nonsense=1", kindJSON, "{}", ""), post(path, kindJSON, `{"code":"`+strings.Repeat("x", 5<<20)+`"}`, survey.CodeBodyTooLarge))
	}
	const dossier = `{"code":"000.00.17.H41-261123-0002","desk":"MC-VPUB","received":"22/11/2026 08:00"`
	for more, want := range map[string]survey.Code{
		`,"received":"30/02/2026 08:00"}`: survey.CodeBadDate, `,"received":"2026-11-22T25:00:00+07:00"}`: survey.CodeBadDate, `,"received":"22/11/2099 08:00"}`: survey.CodeBadReceivedTime, `,"received":"1/1/1970 08:00"}`: survey.CodeBadReceivedTime,
		`,"due":"21/11/2026"}`: survey.CodeDueBeforeReceived, `,"unit":"KHONG-CO"}`: survey.CodeUnknownUnit, `,"desk":"KHONG-CO"}`: survey.CodeUnknownDesk, `,"service":"x"}`: survey.CodeUnknownService,
		`,"officer":"Nguyễn Văn A"}`: survey.CodeBadField, `,"field":"` + strings.Repeat("x", 500) + `"}`: survey.CodeTextTooLong, `,"code":"' OR 1=1"}`: survey.CodeBadDossierCode, `,"due":"\u0000"}`: survey.CodeBadDate,
	} {
		bad = append(bad, post("/api/v1/receipts", kindJSON, dossier+more, want))
	}
	bad = append(bad,
		post("/api/v1/receipts", kindJSON, strings.Replace(dossier, "0002", "0001", 1)+`,"received":"1/11/2026 08:00"}`, survey.CodeDossierDiffers),
		post("/api/v1/receipts/reprint", kindJSON, `{"code":"000.00.17.H41-261123-9999"}`, survey.CodeUnknownDossier),
		post("/api/v1/receipts/page", kindJSON, dossier+`,"receipt":"`+id+`"}`, ""),
		post("/api/v1/slips", kindJSON, `{"unit":"BVDK-VINH","count":0}`, survey.CodeBadCount), post("/api/v1/slips", kindJSON, `{"unit":"BVDK-VINH","count":100000}`, survey.CodeBadCount),
		post("/api/v1/slips", kindJSON, `{"unit":"BVDK-VINH","count":1.5}`, survey.CodeBadField), post("/api/v1/slips", kindJSON, `{"unit":"KHONG-CO","count":1}`, survey.CodeUnknownUnit),
		post("/api/v1/slips", kindJSON, `{"unit":"BVDK-VINH","desk":"KHONG-CO","count":1}`, survey.CodeUnknownDesk),
		post("/api/v1/kiosks/admit", kindJSON, `{"kiosk":"K99","key":"`+strings.Repeat("ab", 32)+`"}`, survey.CodeUnknownKiosk),
		post("/api/v1/kiosks/admit", kindJSON, `{"kiosk":"K01","key":"zz"}`, survey.CodeBadField),
		post("/api/v1/dossiers/events", kindJSON, `{"events":[{"code":"000.00.17.H41-261123-0001","step":"eaten","at":"22/11/2026 08:00"}]}`, ""),
		post("/api/v1/dossiers/events", kindJSON, `{"events":[{"code":"000.00.17.H41-261123-0001","step":"returned","at":"31/11/2026 08:00"}]}`, ""),
		post("/api/v1/dossiers/events", kindJSON, `{"events":[{"code":"000.00.17.H41-261123-7777","step":"returned","at":"22/11/2026 08:00"}]}`, ""),
		post("/api/v1/organisation", "application/yaml", "units: [", ""), post("/api/v1/organisation", "application/yaml", "\xff", ""), post("/api/v1/organisation", "application/yaml", "nonsense: 1\n", ""),
		post("/api/v1/organisation", "application/yaml", "a: &a [*a,*a]\n", ""), post("/api/v1/organisation", "application/yaml", strings.Repeat("#", 5<<20), survey.CodeBodyTooLarge),
		post("/api/v1/receipts/import", "text/csv", "", survey.CodeCSVHeader), post("/api/v1/receipts/import", "text/csv", "a,b\n", survey.CodeCSVHeader), post("/api/v1/receipts/import", "text/csv", "\xff\xfe", survey.CodeFileNotUTF8),
		post("/api/v1/receipts/import", "text/csv", strings.Repeat("x", register.MaxCSV+1), survey.CodeBodyTooLarge),
	)
	// What is nowhere.
	for _, path := range []string{"/nowhere", "/api/v1/nowhere", "/api", "/static/", "/static/../go.mod", "/static/%2e%2e/go.mod", "/static/staff.css/x", "/static/placeholder.html", "/desk/MC-VPUB/nowhere", "/.env", "/%ff", "/" + long} {
		bad = append(bad, get(path, survey.CodeNotFound))
	}
	httpxtest.Refused(t, s.url, bad, "Authorization", "Bearer "+s.token)
	for _, wrong := range []string{"", "Bearer", "Bearer x", "Basic " + s.token, "Bearer " + s.token + "x", "bearer " + s.token[:63]} {
		b := post("/api/v1/slips", kindJSON, `{"unit":"BVDK-VINH","count":1}`, survey.CodeUnauthorised)
		httpxtest.Refused(t, s.url, []httpxtest.Bad{b}, "Authorization", wrong)
	}
	if now := s.recorded(); now != recorded {
		t.Errorf("bad input was recorded: %d facts", now-recorded)
	}
	if logged := s.book.String(); strings.Contains(logged, "goroutine ") || strings.Contains(logged, "level=ERROR") {
		t.Error("bad input was logged as a fault of ours")
	}
}

// Each route of the real server, with methods and bodies that it does not take.
func TestEveryRoute(t *testing.T) {
	s := organised(t)
	id := s.register("MC-VPUB", anHourAgo(), code(1))[0].ID
	person := s.guest(access.Contact, "VINH").headers
	recorded := s.recorded()
	fill := func(own bool) func(path string) string {
		return func(path string) string {
			if own != (path == "/signout" || strings.HasPrefix(path, "/account") || strings.HasPrefix(path, "/texts")) {
				return ""
			}
			return strings.NewReplacer(":id", id, ":code", "MC-VPUB", "*", "staff.css").Replace(path)
		}
	}
	routes := httpxtest.Everywhere(t, s.url, s.app, fill(false), s.operator()...)
	routes = append(routes, httpxtest.Everywhere(t, s.url, s.app, fill(true), person...)...)
	if len(routes) < 20 {
		t.Errorf("only %v", routes)
	}
	httpxtest.Wire(t, s.Addr())
	if now := s.recorded(); now != recorded {
		t.Errorf("bad input was recorded: %d facts", now-recorded)
	}
	// Asking for the head of a live page leaves no stream open.
	eventually(t, "no live page is open", func() bool { return s.pages.hub.Open() == 0 })
	if logged := s.book.String(); strings.Contains(logged, "goroutine ") || strings.Contains(logged, "level=ERROR") {
		t.Error("bad input was logged as a fault of ours")
	}
}
