package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/server/access"
	"hailong/server/api"
	"hailong/server/audit"
	"hailong/server/export"
	"hailong/server/index"
	"hailong/server/periodic"
	"hailong/server/register/registertest"
	"hailong/web"
)

// desk is an operator at a shell, beside a running server.
type desk struct {
	*registertest.World
	t         testing.TB
	url, data string
	ballots   *export.Store
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{World: registertest.New(t, nil), t: t, data: t.TempDir()}
	token, err := api.LoadToken(filepath.Join(d.data, "operator.token"))
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	views, err := httpx.NewViews(web.Templates(), nil)
	if err != nil {
		t.Fatal(err)
	}
	app := httpx.New(httpx.Options{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Catalogue: catalogue, Views: views, BodyLimit: api.MaxBody,
	})
	api.Register(app, api.Deps{Register: d.Register, Views: views, Now: func() time.Time { return registertest.Now }})
	filler := &periodic.Filler{Index: index.Open(d.Projection.Reader(), func() time.Time { return registertest.Now }), Languages: catalogue,
		Setting: d.Projection.Setting, Now: func() time.Time { return registertest.Now }}
	kept, err := periodic.OpenStore(t.TempDir(), filler, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	api.RegisterReports(app, filler, kept)
	if d.ballots, err = export.OpenStore(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	api.RegisterExport(app, d.ballots, func(context.Context, string, string, audit.Detail) error { return nil })
	if err := access.New(access.Options{Operator: token.Is}).Install(app); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.url = "http://" + l.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(l) }()
	t.Cleanup(func() {
		if err := app.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return d
}

// run runs a command, with the server's flags added where told.
func (d *desk) run(words ...string) (out, errors string, err error) {
	d.t.Helper()
	var o, e bytes.Buffer
	var c struct {
		operatorCommands `embed:""`
	}
	parser, err := kong.New(&c, kong.Name("hailong-server"), kong.Writers(&o, &e), kong.BindTo(context.Background(), (*context.Context)(nil)))
	if err != nil {
		d.t.Fatal(err)
	}
	k, err := parser.Parse(words)
	if err != nil {
		d.t.Fatal(words, err)
	}
	err = k.Run()
	return o.String(), e.String(), err
}

func (d *desk) at(words ...string) (out, errors string, err error) {
	d.t.Helper()
	return d.run(append(words, "--url="+d.url, "--data="+d.data)...)
}

func (d *desk) file(name, text string) string {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

const someCode = "000.00.06.H41-261120-0361"

func TestImportCommand(t *testing.T) {
	d := newDesk(t)
	var text strings.Builder
	text.WriteString("mã hồ sơ;bộ phận một cửa;thời gian nhận\n")
	for i := range 600 {
		fmt.Fprintf(&text, "000.00.06.H41-261120-%04d;D1;20/11/2026 09:30\n", i)
	}
	text.WriteString("000.00.06.H41-261120-9999;D9;20/11/2026 09:30\nx\"y\n")
	file := d.file("dossiers.csv", text.String())
	ids := filepath.Join(t.TempDir(), "ids.csv")
	_, errors, err := d.at("receipts", "import", file, "--out", ids)
	if err == nil || !strings.Contains(err.Error(), "2 of 602 rows were not taken. Try: mend the lines") {
		t.Errorf("%v", err)
	}
	for _, want := range []string{"dossiers.csv:602: HL3005 ", "dossiers.csv:603: HL7103 ", "500/602\n", "602/602\nregistered 600, registered already 0, not taken 2\n"} {
		if !strings.Contains(errors, want) {
			t.Errorf("no %q in %q", want, errors)
		}
	}
	data, err := os.ReadFile(ids)
	if err != nil || strings.Count(string(data), "\n") != 601 || !strings.Contains(string(data), "HTTPS://DANHGIA.EXAMPLE.VN/R/") {
		t.Errorf("%d lines of ids, %v", strings.Count(string(data), "\n"), err)
	}
	before := d.Facts()
	if _, _, err := d.at("receipts", "import", file, "--out", ids); err == nil || !strings.Contains(err.Error(), "Try: another name with --out") {
		t.Errorf("the ids would be written over: %v", err)
	}
	out, errors, _ := d.at("receipts", "import", file)
	if out != "line,code,receipt,url\n" || !strings.Contains(errors, "registered 0, registered already 600") || d.Facts() != before {
		t.Errorf("second import: %q %q, %d facts", out, errors, d.Facts()-before)
	}
}

func TestIssueCommand(t *testing.T) {
	d := newDesk(t)
	out, _, err := d.at("receipts", "issue", "--unit", "BV", "--count", "3")
	if err != nil || strings.Count(out, "HTTPS://DANHGIA.EXAMPLE.VN/R/") != 3 {
		t.Errorf("%q %v", out, err)
	}
	sheet := filepath.Join(t.TempDir(), "sheet.html")
	if _, _, err := d.at("receipts", "issue", "--unit", "BV", "--desk", "DBV", "--count", "9", "--out", sheet); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(sheet)
	page := string(data)
	if err != nil || strings.Count(page, "<article>") != 9 || strings.Count(page, "<section") != 2 || !strings.Contains(page, "Khoa Khám bệnh") ||
		!strings.Contains(page, "@page") || strings.Contains(page, "mẫu") {
		t.Errorf("the sheet: %v %.500s", err, page)
	}
	lost := filepath.Join(t.TempDir(), "lost.html")
	if _, _, err := d.at("receipts", "issue", "--unit", "NOBODY", "--count", "1", "--out", lost); err == nil {
		t.Error("slips of nobody")
	}
	if _, err := os.Stat(lost); !os.IsNotExist(err) {
		t.Errorf("an empty sheet is left: %v", err)
	}
}

func TestOrganisationAndKioskCommands(t *testing.T) {
	d := newDesk(t)
	good := d.file("good.yaml", strings.Replace(registertest.Organisation, "Máy 1", "Máy ở sảnh", 1))
	bad := d.file("bad.yaml", "units:\n  - {code: A}\nnonsense: 1\n")
	if out, _, err := d.run("organisation", "check", good); err != nil || !strings.HasPrefix(out, "no fault: 4 units, 3 desks") {
		t.Errorf("%q %v", out, err)
	}
	before := d.Facts()
	for _, words := range [][]string{{"organisation", "check", bad}, {"organisation", "load", bad}} {
		_, errors, err := d.run(words...)
		if err == nil || !strings.Contains(err.Error(), "Try: ") || !strings.Contains(errors, "bad.yaml:3:") {
			t.Errorf("%v: %q %v", words, errors, err)
		}
	}
	if d.Facts() != before {
		t.Error("a bad file was loaded")
	}
	if out, _, err := d.at("organisation", "load", good); err != nil || !strings.HasPrefix(out, "recorded 1, unchanged 13") {
		t.Errorf("%q %v", out, err)
	}
	key := strings.Repeat("ab", 32)
	head := d.Outbox.Head()
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"admit", "--kiosk", "K01", "--key", key}, "admitted as K01\n"},
		{[]string{"admit", "--kiosk", "K01", "--key", key}, "admitted as K01 before; nothing changed\n"},
		{[]string{"revoke", "--key", key, "--reason", "mất máy"}, "revoked\n"},
		{[]string{"decide", "--origin", head.Origin.String(), "--number", fmt.Sprint(head.Number), "--hash", head.Hash.String(), "--reason", "x"}, "decided\n"},
	} {
		if out, _, err := d.at(c.words...); err != nil || out != c.want {
			t.Errorf("%v: %q %v", c.words, out, err)
		}
	}
}

// Whatever goes wrong, an operator learns what to try.
func TestErrorsSayWhatToTry(t *testing.T) {
	d := newDesk(t)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<html>Wi-Fi</html>")
	}))
	defer gateway.Close()
	wrong := t.TempDir()
	if _, err := api.LoadToken(filepath.Join(wrong, "operator.token")); err != nil {
		t.Fatal(err)
	}
	readable := t.TempDir()
	token := filepath.Join(readable, "operator.token")
	if err := errors.Join(os.WriteFile(token, []byte(strings.Repeat("x", 64)), 0o644), os.Chmod(token, 0o644)); err != nil { // whatever the umask
		t.Fatal(err)
	}
	admit := []string{"admit", "--kiosk", "K01", "--key", strings.Repeat("ab", 32)}
	for name, c := range map[string]struct {
		words []string
		want  string
	}{
		"no server":           {append(admit, "--url=http://127.0.0.1:1", "--data="+d.data), "Try: start it with hailong-server serve"},
		"no address":          {append(admit, "--url=nowhere", "--data="+d.data), "Try: --url=http://"},
		"a gateway's page":    {append(admit, "--url="+gateway.URL, "--data="+d.data), "Try: the address of the server itself"},
		"no token":            {append(admit, "--url="+d.url, "--data="+t.TempDir()), "Try: --data=FOLDER"},
		"wrong token":         {append(admit, "--url="+d.url, "--data="+wrong), "Try: send the operator token"},
		"readable token":      {append(admit, "--url="+d.url, "--data="+readable), "try: chmod 600 "},
		"unknown kiosk":       {[]string{"admit", "--kiosk", "K99", "--key", strings.Repeat("ab", 32), "--url=" + d.url, "--data=" + d.data}, "Try: add it to the organisation file"},
		"unknown key":         {[]string{"revoke", "--key", strings.Repeat("cd", 32), "--reason", "x", "--url=" + d.url, "--data=" + d.data}, "Try: "},
		"no file":             {[]string{"receipts", "import", filepath.Join(wrong, "none.csv"), "--data=" + d.data}, "Try: check that the file exists"},
		"no header":           {[]string{"receipts", "import", d.file("x.csv", "a,b\n"), "--data=" + d.data}, "Try: compare the first line"},
		"count":               {[]string{"receipts", "issue", "--unit", "BV", "--count", "0", "--url=" + d.url, "--data=" + d.data}, "Try: "},
		"no organisation":     {[]string{"organisation", "check", filepath.Join(wrong, "none.yaml")}, "Try: check that the file exists"},
		"folder for the ids":  {[]string{"receipts", "import", d.file("x.csv", "code,desk,received\n"+someCode+",D1,20/11/2026 09:30\n"), "--out", filepath.Join(wrong, "no", "ids.csv"), "--url=" + d.url, "--data=" + d.data}, "Try: --out in a folder"},
		"import, no server":   {[]string{"receipts", "import", d.file("y.csv", "code,desk,received\n"+someCode+",D1,20/11/2026 09:30\n"), "--url=http://127.0.0.1:1", "--data=" + d.data}, "Try: start it"},
		"import, wrong token": {[]string{"receipts", "import", d.file("z.csv", "code,desk,received\n"+someCode+",D1,20/11/2026 09:30\n"), "--url=" + d.url, "--data=" + wrong}, "Try: send the operator token"},
	} {
		_, _, err := d.run(c.words...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
