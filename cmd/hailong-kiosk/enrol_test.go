package main

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"hailong/internal/enrolment"
)

// post sends one of the corner's forms, and gives the page after it.
func (s *stand) post(path string, values ...string) string {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	status, page := ask(s.t, s.url+path, "application/x-www-form-urlencoded", form.Encode(), "Accept", "text/html")
	if status != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, status, page)
	}
	return page
}

var hiddenTicket = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

func ticketOf(t *testing.T, page string) string {
	t.Helper()
	m := hiddenTicket.FindStringSubmatch(page)
	if m == nil {
		t.Fatal("no form in", page)
	}
	return m[1]
}

// Staff have the kiosk let in from its corner, without a terminal: they compare
// what the server is known by, and what was recorded before then counts.
func TestEnrolFromTheCorner(t *testing.T) {
	c := startCentre(t, "--tls=local")
	said := c.operator("enrol", "--kiosk=K05")
	code := regexp.MustCompile(`(?m)^  ([0-9A-Z-]+)$`).FindStringSubmatch(said)
	pin := regexp.MustCompile(`--pin=(SHA256:[0-9a-f]{64})`).FindStringSubmatch(said)
	if code == nil || pin == nil {
		t.Fatal(said)
	}
	k := start(t, t.TempDir())
	if !k.rate(c.slips(1)[0], 5) {
		t.Fatal("not recorded")
	}
	ticket := ticketOf(t, k.post("/staff", "pin", k.pin))
	page := k.post("/staff/enrol", "ticket", ticket)
	page = k.post("/staff/enrol", "ticket", ticketOf(t, page), "server", c.url, "code", "0000-0000-0000-0000")
	if !strings.Contains(page, enrolment.Grouped(strings.TrimPrefix(pin[1], "SHA256:"))) {
		t.Fatal("the fingerprint is not that of the server:", page)
	}
	page = k.post("/staff/enrol", "ticket", ticketOf(t, page), "confirm", "yes")
	if !strings.Contains(page, "Mã ghi danh không đúng") || k.enrolled.Load().JWT != "" {
		t.Fatal("a wrong code:", page)
	}
	page = k.post("/staff/enrol", "ticket", ticketOf(t, page), "server", "127.0.0.1:1", "code", code[1])
	if !strings.Contains(page, "Không có máy chủ của hệ thống ở địa chỉ này") {
		t.Fatal("nobody there:", page)
	}
	page = k.post("/staff/enrol", "ticket", ticketOf(t, page), "server", c.url, "code", code[1])
	page = k.post("/staff/enrol", "ticket", ticketOf(t, page), "confirm", "yes")
	if !strings.Contains(page, "Máy đã được ghi danh.") {
		t.Fatal(page)
	}
	eventually(t, "the kiosk has its place and nothing left to send", func() bool {
		s, err := k.status(t.Context())
		return err == nil && s.Admitted && s.Kiosk == "K05" && s.Backlog == 0
	})
	if strings.Contains(k.book.String(), code[1]) {
		t.Error("the code was logged")
	}
}

// The screen is this device's alone, unless it is told otherwise, and a kiosk
// needs no word of where its servers are to record.
func TestListensHereAlone(t *testing.T) {
	var c cli
	parser, err := kong.New(&c)
	if err == nil {
		_, err = parser.Parse([]string{"serve"})
	}
	if err != nil {
		t.Fatal(err)
	}
	host, _, err := net.SplitHostPort(c.Serve.Listen)
	if err != nil || !net.ParseIP(host).IsLoopback() || c.Serve.Nats != "" {
		t.Errorf("%q %q %v", c.Serve.Listen, c.Serve.Nats, err)
	}
	k := start(t, t.TempDir())
	if !k.rate(validID(t), 5) {
		t.Error("not recorded")
	}
	if !k.listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		t.Error(k.listener.Addr())
	}
}

// What others may read or change, and links, keep a kiosk from starting, with
// the command that mends it.
func TestFilesThatOthersMayUse(t *testing.T) {
	data := t.TempDir()
	start(t, data).stop()
	at := func(name string) string { return filepath.Join(data, name) }
	if err := os.WriteFile(at(enrolmentFile), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file string
		mode os.FileMode // 0: a link in its place
		want string
	}{
		"folder":           {".", 0o770, "chmod go-w"},
		"outbox":           {"outbox.db", 0o606, "chmod go-w"},
		"key":              {"kiosk.key", 0o604, "chmod 600"},
		"PIN":              {"staff.pin", 0o640, "chmod 600"},
		"credential":       {enrolmentFile, 0o644, "chmod 600"},
		"outbox elsewhere": {"outbox.db", 0, "is a symbolic link"},
		"key elsewhere":    {"kiosk.key", 0, "is a symbolic link"},
	} {
		info, err := os.Stat(at(c.file))
		if err == nil && c.mode != 0 {
			err = os.Chmod(at(c.file), c.mode)
		} else if err == nil {
			if err = os.Rename(at(c.file), at("away")); err == nil {
				err = os.Symlink(at("away"), at(c.file))
			}
		}
		if err != nil {
			t.Fatal(name, err)
		}
		for _, word := range []string{"serve", "key", "pin", "enrol"} {
			cmd := exec.CommandContext(t.Context(), os.Args[0], word, "--data="+data)
			if word == "serve" {
				cmd.Args = append(cmd.Args, "--listen=127.0.0.1:0")
			}
			cmd.Env = append(os.Environ(), asMain+"=1")
			out, _ := cmd.CombinedOutput() // the exit code is compared
			if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), c.want) {
				t.Errorf("%s, %s: exit %d: %s", name, word, code, out)
			}
		}
		if c.mode != 0 {
			err = os.Chmod(at(c.file), info.Mode().Perm())
		} else {
			err = os.Rename(at("away"), at(c.file))
		}
		if err != nil {
			t.Fatal(name, err)
		}
	}
	start(t, data).stop()
	if err := os.WriteFile(at(enrolmentFile), []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--data="+data, "--listen=127.0.0.1:0")
	cmd.Env = append(os.Environ(), asMain+"=1")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "try to delete it") {
		t.Errorf("half a file: %s", out)
	}
}
