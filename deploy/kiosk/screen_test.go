package kiosk

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// eventually asks until it is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	limit := time.After(60 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("in vain: %s", what)
		}
	}
}

// launch starts a program in a group of its own, which ends with the test.
func launch(t testing.TB, as *syscall.Credential, env []string, name string, args ...string) {
	t.Helper()
	said := &bytes.Buffer{}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			if err := syscall.Kill(-cmd.Process.Pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				t.Error(err)
			}
			if signal == syscall.SIGTERM {
				_ = cmd.Wait() // it was asked to end
			}
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), said)
		}
	})
}

// nobody is Debian's user without files.
const nobody = 65534

// screen is what a device with the script shows, on a display that is in memory.
type screen struct {
	t       *testing.T
	kiosk   string // address of its pages
	runtime string // its folder in memory
}

// startScreen starts the script, and the kiosk only then: the browser has to wait
// for it.
func startScreen(t *testing.T, rotate string) *screen {
	t.Helper()
	for _, need := range []string{"cage", "wlr-randr", "grim", "chromium", "curl"} {
		if _, err := exec.LookPath(need); err != nil {
			t.Fatalf("%v: install Debian's package %s, or run make test-tools", err, need)
		}
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "hailong-kiosk")
	if out, err := exec.Command("go", "build", "-o", program, "hailong/cmd/hailong-kiosk").CombinedOutput(); err != nil {
		t.Fatalf("build the kiosk: %v\n%s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	s := &screen{t: t, kiosk: "http://" + address + "/", runtime: filepath.Join(dir, "run")}
	tools := filepath.Join(dir, "bin")
	if err := errors.Join(os.Mkdir(s.runtime, 0o700), os.Mkdir(tools, 0o755)); err != nil {
		t.Fatal(err)
	}
	// As root cage does not run; where the machine of the test allows Chromium no
	// sandbox of its own it does not either.
	var as *syscall.Credential
	if os.Getuid() == 0 {
		as = &syscall.Credential{Uid: nobody, Gid: nobody}
		if err := errors.Join(os.Chown(s.runtime, nobody, nobody), os.Chmod(dir, 0o711), os.Chmod(filepath.Dir(dir), 0o711)); err != nil {
			t.Fatal(err)
		}
	}
	wrapper := "#!/bin/sh\nexec /usr/bin/chromium --no-sandbox --remote-debugging-port=0 \"$@\"\n"
	script, err := os.ReadFile("hailong-screen")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"chromium": wrapper, "hailong-screen": string(script)} {
		if err := os.WriteFile(filepath.Join(tools, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	launch(t, as, []string{
		"PATH=" + tools + ":" + os.Getenv("PATH"), "HOME=" + s.runtime, "XDG_RUNTIME_DIR=" + s.runtime, "WAYLAND_DISPLAY=",
		"WLR_BACKENDS=headless", "WLR_RENDERER=pixman", "WLR_LIBINPUT_NO_DEVICES=1", "HAILONG_SCREEN_URL=" + s.kiosk, "HAILONG_ROTATE=" + rotate,
	}, filepath.Join(tools, "hailong-screen"))
	launch(t, nil, nil, program, "serve", "--data="+filepath.Join(dir, "data"), "--listen="+address, "--nats=nats://127.0.0.1:1")
	return s
}

// pages lists the addresses of the browser's pages.
func (s *screen) pages() (addresses []string) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.runtime, "profile", "DevToolsActivePort"))
	if err != nil {
		return nil // it is still starting
	}
	port, _, _ := strings.Cut(string(data), "\n")
	res, err := http.Get("http://127.0.0.1:" + port + "/json/list")
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	var all []struct{ Type, URL string }
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range all {
		if p.Type == "page" {
			addresses = append(addresses, p.URL)
		}
	}
	return addresses
}

// picture is what the display shows.
func (s *screen) picture() []byte {
	s.t.Helper()
	var out []byte
	eventually(s.t, "a picture of the screen", func() bool {
		sockets, err := filepath.Glob(filepath.Join(s.runtime, "wayland-*"))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, socket := range sockets {
			if filepath.Ext(socket) == ".lock" {
				continue
			}
			cmd := exec.Command("grim", "-")
			cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+s.runtime, "WAYLAND_DISPLAY="+filepath.Base(socket))
			if out, err = cmd.Output(); err == nil {
				return true
			}
		}
		return false
	})
	return out
}

// look gives a picture's size, and whether it is a page: the display alone is black.
func look(t *testing.T, data []byte) (width, height int, page bool) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b, black, colours := img.Bounds(), 0, map[[3]uint32]bool{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, green, blue, _ := img.At(x, y).RGBA()
			colours[[3]uint32{red >> 12, green >> 12, blue >> 12}] = true
			if red+green+blue == 0 {
				black++
			}
		}
	}
	return b.Dx(), b.Dy(), len(colours) > 8 && black*100 < b.Dx()*b.Dy()
}

// The script waits for the kiosk, fills the display as it is mounted, and leaves
// nothing behind.
func TestScreen(t *testing.T) {
	for rotate, upright := range map[string]bool{"0": false, "90": true} {
		t.Run(rotate, func(t *testing.T) {
			s := startScreen(t, rotate)
			eventually(t, "the kiosk's page alone", func() bool { return slices.Equal(s.pages(), []string{s.kiosk}) })
			var width, height int
			eventually(t, "a picture with a page", func() (page bool) {
				width, height, page = look(t, s.picture())
				return page
			})
			if (height > width) != upright || width*height == 0 {
				t.Errorf("%d×%d", width, height)
			}
			if folder := os.Getenv("HAILONG_PICTURES"); folder != "" {
				if err := os.WriteFile(filepath.Join(folder, "screen-"+rotate+".png"), s.picture(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestScreenSaysWhatToTry(t *testing.T) {
	cmd := exec.Command("./hailong-screen")
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "HAILONG_ROTATE=left")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "try 0, 90, 180 or 270") {
		t.Errorf("%v %s", err, out)
	}
}
