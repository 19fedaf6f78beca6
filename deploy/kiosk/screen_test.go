package kiosk

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"
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
func launch(t testing.TB, env []string, name string, args ...string) {
	t.Helper()
	said := &bytes.Buffer{}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
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
	// As root, which cage refuses to be, the policy is put where Chromium reads it,
	// for this one alone; and Chromium, which may have no sandbox where the test
	// runs, goes without.
	start := []string{filepath.Join(tools, "hailong-screen")}
	if os.Getuid() == 0 {
		if err := errors.Join(os.Chown(s.runtime, nobody, nobody), os.Chmod(dir, 0o711), os.Chmod(filepath.Dir(dir), 0o711)); err != nil {
			t.Fatal(err)
		}
		policy, err := os.ReadFile("chromium-policy.json")
		if err != nil {
			t.Fatal(err)
		}
		// At this kiosk's address; and the test itself looks in by the developers' tools.
		here := strings.NewReplacer("127.0.0.1:8090", address, `"DeveloperToolsAvailability": 2`, `"DeveloperToolsAvailability": 1`).Replace(string(policy))
		if err := os.WriteFile(filepath.Join(tools, "policy.json"), []byte(here), 0o644); err != nil {
			t.Fatal(err)
		}
		start = []string{"unshare", "--mount", "sh", "-ec", `mount -t tmpfs none /etc/chromium
			mkdir -p /etc/chromium/policies/managed
			cp "$1/policy.json" /etc/chromium/policies/managed/hailong.json
			exec setpriv --reuid=65534 --regid=65534 --clear-groups "$1/hailong-screen"`, "sh", tools}
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
	launch(t, []string{
		"PATH=" + tools + ":" + os.Getenv("PATH"), "HOME=" + s.runtime, "XDG_RUNTIME_DIR=" + s.runtime, "WAYLAND_DISPLAY=",
		"WLR_BACKENDS=headless", "WLR_RENDERER=pixman", "WLR_LIBINPUT_NO_DEVICES=1", "HAILONG_SCREEN_URL=" + s.kiosk, "HAILONG_ROTATE=" + rotate,
	}, start[0], start[1:]...)
	launch(t, nil, program, "serve", "--data="+filepath.Join(dir, "data"), "--listen="+address, "--nats=nats://127.0.0.1:1")
	return s
}

// page attaches to the browser's one page, once it is the kiosk's.
func (s *screen) page() context.Context {
	s.t.Helper()
	var browser context.Context
	eventually(s.t, "the browser", func() bool {
		data, err := os.ReadFile(filepath.Join(s.runtime, "profile", "DevToolsActivePort"))
		port, path, ok := strings.Cut(strings.TrimSpace(string(data)), "\n")
		if err != nil || !ok {
			return false
		}
		allocator, stop := remote.NewAllocator(context.Background(), "ws://127.0.0.1:"+port+path, remote.NoModifyURL)
		s.t.Cleanup(stop)
		browser = allocator
		return true
	})
	first, leave := chromedp.NewContext(browser, remote.WithKeepOpen())
	s.t.Cleanup(leave)
	var found []target.ID
	eventually(s.t, "the kiosk's page alone", func() bool {
		all, err := chromedp.Targets(first)
		if err != nil {
			s.t.Fatal(err)
		}
		found = nil
		for _, of := range all {
			if of.Type == "page" && of.URL == s.kiosk {
				found = append(found, of.TargetID)
			}
		}
		return len(found) == 1
	})
	page, leave := chromedp.NewContext(first, chromedp.WithTargetID(found[0]), remote.WithKeepOpen())
	s.t.Cleanup(leave)
	page, late := context.WithTimeout(page, time.Minute)
	s.t.Cleanup(late)
	return page
}

// fresh lets the page be drawn anew: a display in memory loses what is drawn while
// a picture is taken.
const fresh = `new Promise(done => {
  const style = document.documentElement.style, drawn = then => requestAnimationFrame(() => requestAnimationFrame(then));
  style.opacity = ".99";
  drawn(() => { style.opacity = ""; drawn(() => done(true)); });
})`

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
			page := s.page()
			if err := chromedp.Do(page, chromedp.WaitVisible(`body[data-step="start"] #start`)); err != nil {
				t.Fatal(err)
			}
			var width, height int
			var shown bool
			eventually(t, "a picture with a page", func() bool {
				if _, err := chromedp.Run(page, chromedp.Evaluate[bool](fresh, chromedp.EvalAwaitPromise)); err != nil {
					t.Fatal(err)
				}
				width, height, shown = look(t, s.picture())
				return shown
			})
			if (height > width) != upright {
				t.Errorf("the display is %d×%d", width, height)
			}
			inner, err := chromedp.Run(page, chromedp.Evaluate[[2]int](`[innerWidth, innerHeight]`))
			if err != nil || inner != [2]int{width, height} {
				t.Errorf("the page is %v on a display of %d×%d (%v)", inner, width, height, err)
			}
			if folder := os.Getenv("HAILONG_PICTURES"); folder != "" {
				if err := os.WriteFile(filepath.Join(folder, "screen-"+rotate+".png"), s.picture(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if os.Getuid() == 0 {
				policed(t, page, map[bool]string{false: strings.Replace(s.kiosk, "127.0.0.1", "localhost", 1), true: "chrome://version/"}[upright])
			}
		})
	}
}

// policed checks that the browser keeps to the kiosk's page, and lets it use the
// camera without asking whoever stands there.
func policed(t *testing.T, page context.Context, elsewhere string) {
	t.Helper()
	camera, err := chromedp.Run(page, chromedp.Evaluate[string](`navigator.permissions.query({ name: "camera" }).then(p => p.state)`, chromedp.EvalAwaitPromise))
	if err != nil || camera != "granted" {
		t.Errorf("the camera is %q (%v)", camera, err)
	}
	// The browser lets nobody into a page that it blocked, so there is one try.
	if err := chromedp.Do(page, chromedp.Navigate(elsewhere)); err == nil || !strings.Contains(err.Error(), "ERR_BLOCKED_BY_ADMINISTRATOR") {
		t.Errorf("%s: %v", elsewhere, err)
	}
}

func TestScreenSaysWhatToTry(t *testing.T) {
	cmd := exec.Command("./hailong-screen")
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir(), "HAILONG_ROTATE=left")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "try 0, 90, 180 or 270") {
		t.Errorf("%v %s", err, out)
	}
}
