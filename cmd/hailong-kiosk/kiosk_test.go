package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/httpx/httpxtest"
	"hailong/internal/survey"
)

// slips are one-time slips of a hospital.
func (c *centre) slips(n int) (ids []string) {
	c.t.Helper()
	for line := range strings.Lines(c.operator("receipts", "issue", "--unit=BVDK-VINH", "--desk=DG-BVDK-VINH", fmt.Sprint("--count=", n))) {
		at := strings.LastIndexByte(strings.TrimSpace(line), ' ')
		ids = append(ids, line[:at])
	}
	return ids
}

// answers asks the index of one day for the hospital's answers.
func (c *centre) answers(day survey.Day) int64 {
	c.t.Helper()
	token, err := os.ReadFile(filepath.Join(c.data, "operator.token"))
	if err != nil {
		c.t.Fatal(err)
	}
	status, body := ask(c.t, c.url+"/api/v1/index?unit=BVDK-VINH&service=public&from="+day.String()+"&to="+(day+1).String(), "", "", "Authorization", "Bearer "+strings.TrimSpace(string(token)))
	var out struct {
		Units []struct{ Answers, Waiting int64 }
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != 200 {
		c.t.Fatal(status, body, err)
	}
	n := int64(0)
	for _, u := range out.Units {
		n += u.Answers + u.Waiting // shown already, or held back still
	}
	return n
}

// A kiosk without a clock battery begins in 1970, or next year: what it records,
// before and after it first meets a server, counts on the right day.
func TestWallClockIsWrong(t *testing.T) {
	c := startCentre(t)
	for name, wall := range map[string]func(int64) int64{
		"1970":       func(ms int64) int64 { return ms % (24 * 60 * 60 * 1000) },
		"a year on":  func(ms int64) int64 { return ms + 365*24*60*60*1000 },
		"before all": func(ms int64) int64 { return -ms / 2 },
	} {
		t.Run(name, func(t *testing.T) {
			at(t, func(s fact.Stamp) fact.Stamp { s.Wall = wall(s.Wall); return s })
			data, ids := t.TempDir(), c.slips(10)
			day := survey.DayOf(time.Now())
			before := c.answers(day)
			now := stamp
			stamp = func() fact.Stamp { // a boot of which no server ever heard
				s := now()
				s.Boot[0]++
				return s
			}
			k := start(t, data, "--nats=nats://127.0.0.1:1")
			for _, id := range ids[:5] {
				if !k.rate(id, 5) {
					t.Fatal("not recorded")
				}
			}
			k.stop()
			stamp = now
			k = start(t, data, "--server="+c.url)
			c.operator("admit", "--kiosk=K05", "--key="+k.key())
			for _, id := range ids[5:] {
				if !k.rate(id, 5) {
					t.Fatal("not recorded")
				}
			}
			eventually(t, "ten answers more today", func() bool { return c.answers(day) == before+10 })
			status, answer := ask(t, k.url+"/status", "", "", "Authorization", "Bearer "+k.pin)
			var s struct {
				Offset *int64 `json:"clock_offset_ms"`
			}
			wall := stamp().Wall
			if err := json.Unmarshal([]byte(answer), &s); err != nil || status != 200 || s.Offset == nil {
				t.Errorf("%d %s %v", status, answer, err)
			} else if told := time.UnixMilli(wall - *s.Offset); time.Since(told).Abs() > time.Minute {
				t.Errorf("with its wall clock at %v the kiosk takes it for %v", time.UnixMilli(wall), told)
			}
			k.stop()
		})
	}
}

// TestBadInput sends the kiosk what is wrong with each of its routes.
func TestBadInput(t *testing.T) {
	k := start(t, t.TempDir(), "--nats=nats://127.0.0.1:1")
	const id, kindJSON, kindForm = "0000000000000001", "application/json", "application/x-www-form-urlencoded"
	post := httpxtest.Post
	var bad []httpxtest.Bad
	for _, body := range []string{"", "{", "null1", "[]", "{} {}", "\xff", `{"nonsense":1}`, `{"scan":5}`, `{"scan":{}}`, `{"scan":"\u0000"}`, `{"scan":"` + strings.Repeat("x", 600) + `"}`, strings.Repeat("[", 8000)} {
		bad = append(bad, post("/api/v1/scans", kindJSON, body, ""), post("/api/v1/ratings", kindJSON, body, ""), post("/api/v1/withdrawals", kindJSON, body, ""))
	}
	for _, score := range []string{"0", "6", "1.5", `"5"`, "-1", "null", "[5]", "5e99", "99999999999999999999", "true"} {
		bad = append(bad, post("/api/v1/ratings", kindJSON, `{"scan":"`+id+`","score":`+score+`}`, ""))
	}
	for _, scan := range []string{"xin chào", "http://x/r/", "https://x/other/" + id, id + "Z", "000.17.22.H41-261123-0001'", "javascript:alert(1)", "http://x/r/%ff", "http://x/r/%zz", "../../etc/passwd"} {
		text, err := json.Marshal(scan)
		if err != nil {
			t.Fatal(err)
		}
		bad = append(bad, post("/api/v1/scans", kindJSON, `{"scan":`+string(text)+`}`, ""), post("/api/v1/ratings", kindJSON, `{"scan":`+string(text)+`,"score":5}`, ""))
	}
	valid := validID(t)
	for more, want := range map[string]survey.Code{
		`,"session":"1"`: survey.CodeBadSession, `,"session":"` + strings.Repeat("0", 32) + `"`: survey.CodeBadSession, `,"language":"` + strings.Repeat("v", 99) + `"`: survey.CodeBadField,
		`,"questionnaire":-1`: survey.CodeBadField, `,"questionnaire":65536`: survey.CodeBadField, `,"questionnaire":"1"`: survey.CodeBadField,
		`,"answers":{"staff":5}`: survey.CodeBadField, `,"questionnaire":1,"answers":{"staff":6}`: survey.CodeBadField, `,"questionnaire":1,"answers":{"staff":0}`: survey.CodeBadField,
		`,"questionnaire":1,"answers":{"Nhân viên":5}`: survey.CodeBadField, `,"questionnaire":1,"answers":[5]`: survey.CodeBadField, `,"questionnaire":1,"answers":{"":5}`: survey.CodeBadField,
		`,"questionnaire":1,"reasons":["staff"]`: survey.CodeBadField, `,"questionnaire":1,"reasons":["+a","+a"]`: survey.CodeBadField, `,"questionnaire":1,"reasons":"+a"`: survey.CodeBadField,
		`,"questionnaire":1,"reasons":["+a"` + strings.Repeat(`,"+b"`, 70) + `]`: survey.CodeBadField, `,"reasons":["+a"]`: survey.CodeBadField,
		`,"comment":5`: survey.CodeBadField, `,"contact":"0912"`: survey.CodeBadField, `,"contact":{"phone":"0912"}`: survey.CodeUnknownField,
		`,"contact":{"name":"A","contact":"B","consent":true}`: survey.CodeBadField, `,"contact":{"name":"A","contact":"B","consent":"` + strings.Repeat("x", 401) + `"}`: survey.CodeBadField,
		`,"language":"<b>"`: survey.CodeBadField, `,"took_ms":-1`: survey.CodeBadField, `,"took_ms":1.5`: survey.CodeBadField, `,"desk":"MC-VPUB"`: survey.CodeUnknownField,
	} {
		bad = append(bad, post("/api/v1/ratings", kindJSON, `{"scan":"`+valid+`","score":5`+more+`}`, want))
	}
	for more, want := range map[string]survey.Code{
		``: survey.CodeBadSession, `,"session":""`: survey.CodeBadSession, `,"session":"x"`: survey.CodeBadSession, `,"session":"` + strings.Repeat("0", 32) + `"`: survey.CodeBadSession,
		`,"score":5`: survey.CodeUnknownField, `,"session":5`: survey.CodeBadField,
	} {
		bad = append(bad, post("/api/v1/withdrawals", kindJSON, `{"scan":"`+valid+`"`+more+`}`, want))
	}
	photo := "\xff\xd8\xff\xe0" + strings.Repeat("\x00JFIF", 20000) // as somebody might paste it
	for _, path := range []string{"/api/v1/scans", "/api/v1/ratings", "/api/v1/withdrawals", "/staff", "/scan"} {
		bad = append(bad, post(path, "image/jpeg", photo[:4096], survey.CodeWrongContentType), post(path, "image/jpeg", photo, survey.CodeBodyTooLarge))
	}
	bad = append(bad,
		post("/api/v1/scans", kindJSON, `{"scan":"`+strings.Repeat("4K", 2048)+`"}`, survey.CodeScanTooLong),
		post("/staff", kindForm, "", ""), post("/staff", kindForm, "pin=", ""), post("/staff", kindForm, "pin=%ff", ""), post("/staff", kindForm, "pin=1&pin=2", ""), post("/staff", kindForm, "name=root", ""),
		post("/staff/scan", kindForm, "ticket=x&scan=y", ""), post("/staff/scan", kindForm, "scan=y", ""), post("/staff/scan", kindForm, "ticket=%ff", ""),
		post("/rate", kindForm, "token=x&score=9", ""), post("/rate", kindForm, "token=x&score=5", ""), post("/rate", kindForm, "score=5&score=4", ""), post("/rate", kindForm, "token=%ff&score=5", ""),
		post("/rate", kindForm, "nonsense=1", ""), post("/scan", kindForm, "nonsense=1", ""), post("/scan", kindForm, "mark=%ff", ""), post("/scan", kindForm, "mark=1&mark=2", ""))
	for _, path := range []string{"/nowhere", "/api/v1/nowhere", "/r/" + valid, "/desk/MC-VPUB", "/static/../go.mod", "/static/%2e%2e/go.mod", "/openapi.json", "/" + strings.Repeat("x", 5000)} {
		bad = append(bad, httpxtest.Get(path, survey.CodeNotFound))
	}
	httpxtest.OneLanguage(k.url)
	head := k.outbox.Head()
	httpxtest.Refused(t, k.url, bad)
	httpxtest.Refused(t, k.url, []httpxtest.Bad{
		{Method: "GET", Path: "/status", Header: []string{"Authorization", "Bearer 000000"}},
	})
	if routes := httpxtest.Everywhere(t, k.url, k.app, func(path string) string { return strings.Replace(path, "*", "kiosk.css", 1) }); len(routes) < 16 {
		t.Errorf("only %v", routes)
	}
	httpxtest.Wire(t, k.listener.Addr().String())
	if now := k.outbox.Head(); now != head {
		t.Errorf("bad input was recorded: %d facts", now.Number-head.Number)
	}
	if !k.rate(valid, 5) || k.outbox.Head().Number != head.Number+1 {
		t.Error("what is right is not recorded any more")
	}
	log := k.book.String()
	for _, secret := range []string{valid[:16], "goroutine ", "level=ERROR"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q was logged", secret)
		}
	}
}

// «Đã ghi nhận» is said of what is on the disk.
func TestNoThanksWithoutCommit(t *testing.T) {
	k := start(t, t.TempDir(), "--nats=nats://127.0.0.1:1")
	id := validID(t)
	if !k.rate(id, 4) {
		t.Fatal("not recorded")
	}
	if err := k.outbox.Close(); err != nil {
		t.Fatal(err)
	}
	if k.rate(id, 5) {
		t.Error("thanked for what is nowhere")
	}
	if status, _ := ask(t, k.url+"/readyz", "", ""); status != 503 {
		t.Error("ready without a disk:", status)
	}
	k.outbox = nil // given back already
}

// What keeps a kiosk from starting is one sentence that ends with what to try.
func TestWhatToTryWhenItDoesNotStart(t *testing.T) {
	k := start(t, t.TempDir(), "--nats=nats://127.0.0.1:1")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open := t.TempDir()
	start(t, open, "--nats=nats://127.0.0.1:1").stop()
	if err := os.Chmod(filepath.Join(open, "kiosk.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"port in use":      {[]string{"serve", "--data=" + t.TempDir(), "--listen=" + k.listener.Addr().String()}, 1, "try another --listen"},
		"data is a file":   {[]string{"serve", "--data=" + file, "--listen=127.0.0.1:0"}, 1, "try another --data"},
		"folder in use":    {[]string{"serve", "--data=" + k.c.Data, "--listen=127.0.0.1:0"}, 1, "stop it"},
		"key open to all":  {[]string{"serve", "--data=" + open, "--listen=127.0.0.1:0"}, 1, "chmod 600"},
		"key, open to all": {[]string{"key", "--data=" + open}, 1, "chmod 600"},
		"wrong word":       {[]string{"serve", "--nonsense"}, 2, "--nonsense"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // one that starts all the same
		defer cancel()
		cmd := exec.CommandContext(ctx, self, c.args...)
		cmd.Env = append(os.Environ(), asMain+"=1")
		out, _ := cmd.CombinedOutput() // the exit code is compared below
		if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(string(out), c.want) || strings.Contains(string(out), "goroutine ") {
			t.Errorf("%s: ended with %d: %s", name, code, out)
		}
	}
	if !k.rate(validID(t), 5) {
		t.Error("whoever was there first does not go on")
	}
}
