package datadir_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hailong/internal/datadir"
)

// usual makes a folder as the programs leave it.
func usual(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data of ours")
	if err := datadir.Prepare(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"server.db", "server.key", "operator.token", "staff.pin", "tls/server.key", "tls/ca.pem", "stream/jetstream/meta.inf"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestMadeForItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "data")
	if err := datadir.Prepare(dir); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info.Mode(), err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "later"), os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("what is made later can be read by others:", info.Mode(), err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := datadir.Prepare(usual(t)); err != nil {
		t.Error("a usual folder is refused:", err)
	}
}

// Each wrong mode is refused with a command, and that command mends it.
func TestWrongModesAreRefusedWithWhatMendsThem(t *testing.T) {
	for name, mode := range map[string]os.FileMode{
		".": 0o770, "tls": 0o707, "server.db": 0o620, "server.key": 0o640, "operator.token": 0o604, "staff.pin": 0o644,
		"tls/server.key": 0o640, "tls/ca.pem": 0o662, "stream": 0o777,
	} {
		dir := usual(t)
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
		err := datadir.Prepare(dir)
		if err == nil {
			t.Errorf("%s with %04o is taken", name, mode)
			continue
		}
		_, command, ok := strings.Cut(err.Error(), "Try: ")
		if !ok || !strings.HasPrefix(command, "chmod ") {
			t.Errorf("%s: no command: %v", name, err)
			continue
		}
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", command, err, out)
		}
		if err := datadir.Prepare(dir); err != nil {
			t.Errorf("%s: after %q still: %v", name, command, err)
		}
	}
	dir := usual(t)
	for _, name := range []string{"server.db", "tls/ca.pem"} { // no secrets: others may read them
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := datadir.Prepare(dir); err != nil {
		t.Error(err)
	}
}

func TestSymbolicLinksAreRefused(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.WriteFile(elsewhere, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"server.db", "outbox.db", "server.db-wal", "server.key", "operator.token", "staff.pin", "enrolment.json", "tls/server.key", "tls", "stream"} {
		for _, to := range []string{elsewhere, "/nowhere/at/all"} {
			dir := usual(t)
			path := filepath.Join(dir, name)
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(to, path); err != nil {
				t.Fatal(err)
			}
			if err := datadir.Prepare(dir); err == nil || !strings.Contains(err.Error(), name+" is a symbolic link") || !strings.Contains(err.Error(), "Try: rm ") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// The folder itself may lie on another disk.
	dir, link := usual(t), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := datadir.Prepare(link); err != nil {
		t.Error(err)
	}
	if err := exec.Command("mkfifo", filepath.Join(dir, "outbox.db")).Run(); err != nil {
		t.Fatal(err)
	}
	if err := datadir.Prepare(dir); err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
		t.Error("a pipe in the place of a file:", err)
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "privkey.pem")
	if err := datadir.KeyFile(path); err == nil || !strings.Contains(err.Error(), "try ") {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]bool{0o600: true, 0o640: true, 0o400: true, 0o644: false, 0o660: false, 0o604: false, 0o602: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := datadir.KeyFile(path); (err == nil) != want || err != nil && !strings.Contains(err.Error(), "Try: chmod 600 "+path) {
			t.Errorf("%04o: %v", mode, err)
		}
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "enrolment.json")
	for _, text := range []string{"first", "second, longer", ""} {
		if err := datadir.Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != text {
			t.Errorf("%q, %v", data, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Error("left behind:", entries, err)
	}
	if err := datadir.Write(filepath.Join(path, "below"), nil); err == nil {
		t.Error("written below a file")
	}
}
