package kiosk

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The units are what systemd understands, all of it, and let their programs do no
// more than they need to: systemd's own measure, from 0 (nothing) to 10.
func TestUnits(t *testing.T) {
	for unit, most := range map[string]string{
		"hailong-kiosk.service":  "15",
		"hailong-screen.service": "45", // Chromium needs namespaces, and code made at run time, for its sandbox
	} {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		// Whether a program is installed here is not the question.
		file := filepath.Join(t.TempDir(), unit)
		if err := os.WriteFile(file, regexp.MustCompile(`(?m)^ExecStart=\S+`).ReplaceAll(text, []byte("ExecStart=/bin/true")), 0o644); err != nil {
			t.Fatal(err)
		}
		verify := exec.Command("systemd-analyze", "verify", "--recursive-errors=no", file)
		if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
		security := exec.Command("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold="+most, file)
		if out, err := security.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
		for _, need := range []string{"User=", "Restart=always", "StartLimitIntervalSec=0", "NoNewPrivileges=yes", "ProtectSystem=strict"} {
			if !strings.Contains(string(text), "\n"+need) {
				t.Errorf("%s has no %s", unit, need)
			}
		}
		for user := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(user), "User="); ok {
				made, err := os.ReadFile("sysusers.conf")
				if err != nil || !strings.Contains(string(made), "\nu "+name) {
					t.Errorf("nothing makes the user %s (%v)", name, err)
				}
			}
		}
	}
}

// What the browser may, and what it starts with, agree on where the page is.
func TestBrowserPolicy(t *testing.T) {
	data, err := os.ReadFile("chromium-policy.json")
	if err != nil {
		t.Fatal(err)
	}
	var policy struct{ URLBlocklist, URLAllowlist, VideoCaptureAllowedUrls []string }
	if err := json.Unmarshal(data, &policy); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("hailong-screen")
	if err != nil {
		t.Fatal(err)
	}
	if len(policy.URLBlocklist) == 0 || policy.URLBlocklist[0] != "*" || len(policy.URLAllowlist) != 1 || len(policy.VideoCaptureAllowedUrls) != 1 ||
		policy.URLAllowlist[0] != policy.VideoCaptureAllowedUrls[0] || !strings.Contains(string(script), ":-"+policy.URLAllowlist[0]+"/}") {
		t.Errorf("%+v", policy)
	}
}
