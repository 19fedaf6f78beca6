package asvs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The servers' keys are in a file of their own beside the data: who can be read
// by others keeps the server from starting, and so does the lack of it.
func TestV6_4_1(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	start := func() string {
		p, err := launch("hailong-server", "serve", "--data="+dir, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.says("is ready"); err == nil {
			if err := p.end(); err != nil {
				t.Error(err)
			}
			return "started"
		}
		return p.log()
	}
	if said := start(); said != "started" {
		t.Fatal(said)
	}
	if err := os.Chmod(dir+".keys", 0o644); err != nil {
		t.Fatal(err)
	}
	if said := start(); !strings.Contains(said, "chmod 600") {
		t.Errorf("with keys that others can read: %s", said)
	}
	if err := os.Remove(dir + ".keys"); err != nil {
		t.Fatal(err)
	}
	if said := start(); said == "started" {
		t.Error("data without its keys, and others are made")
	}
}
