package chaos

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// binaries are the two commands, built as the product is, but for the build tag
// that lets a test set a kiosk's clock.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hailong-chaos-bin")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-tags", "chaos", "-o", dir+string(filepath.Separator), "./cmd/hailong-server", "./cmd/hailong-kiosk")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return dir, nil
})

// mounts are the folders of disks that a test mounted.
var mounts sync.Map

// TestMain removes the binaries, and the mounts also where somebody breaks off.
func TestMain(m *testing.M) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-broken
		mounts.Range(func(dir, _ any) bool {
			if err := syscall.Unmount(dir.(string), unix.MNT_DETACH); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
			return true
		})
		removeBinaries()
		os.Exit(1)
	}()
	code := m.Run()
	removeBinaries()
	os.Exit(code)
}

func removeBinaries() {
	if !built.Load() {
		return
	}
	if dir, err := binaries(); err == nil {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

var built atomic.Bool

func binary(t testing.TB, name string) string {
	t.Helper()
	built.Store(true)
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// starter starts children from one thread that never ends before this process:
// the kernel kills a child when the thread that started it ends (Pdeathsig), so
// none outlives the test, however the test ends.
var starter = sync.OnceValue(func() chan func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

func startChild(c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	done := make(chan error)
	starter() <- func() { done <- c.Start() }
	return <-done
}

// run runs a command to its end and gives what it printed.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	var out, problems bytes.Buffer
	c := exec.Command(binary(t, name), args...)
	c.Stdout, c.Stderr = &out, &problems
	if err := startChild(c); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, problems.Bytes())
	}
	return string(bytes.TrimSpace(out.Bytes()))
}

// process is a server or kiosk that is started and ended again and again.
type process struct {
	name, path string
	args       []string
	log        string // file to which each start appends

	url  atomic.Value // string: where it answers; "" while it is down
	cmd  *exec.Cmd    // nil while it is down
	done chan struct{}
}

var readyLine = regexp.MustCompile(`is ready.* (?:pages|screen)="?(http://[^"\s]+)`)

// start returns once the process says that it is ready.
func (p *process) start(env ...string) error {
	if p.cmd != nil {
		return nil
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	fmt.Fprintf(log, "=== start %s %v\n", time.Now().Format(time.RFC3339Nano), env)
	c := exec.Command(p.path, p.args...)
	c.Env = append(os.Environ(), env...)
	c.Stdout, c.Stderr = w, w
	err = startChild(c)
	w.Close()
	if err != nil {
		return errors.Join(err, r.Close(), log.Close())
	}
	ready, done := make(chan string, 1), make(chan struct{})
	go func() {
		lines := bufio.NewReader(r)
		for {
			line, err := lines.ReadBytes('\n')
			if _, werr := log.Write(line); werr != nil {
				fmt.Fprintln(os.Stderr, "log:", werr)
			}
			if m := readyLine.FindSubmatch(line); m != nil {
				ready <- string(m[1])
			}
			if err != nil {
				break
			}
		}
		err := c.Wait()
		fmt.Fprintf(log, "=== end %s %v\n", time.Now().Format(time.RFC3339Nano), err)
		r.Close()
		log.Close()
		close(done)
	}()
	late := time.NewTimer(60 * time.Second)
	defer late.Stop()
	select {
	case url := <-ready:
		p.cmd, p.done = c, done
		p.url.Store(url)
		return nil
	case <-done:
		return fmt.Errorf("%s ended before it was ready: %s", p.name, p.tail())
	case <-late.C:
		err := c.Process.Kill()
		<-done
		return errors.Join(fmt.Errorf("%s was not ready after a minute: %s", p.name, p.tail()), err)
	}
}

// end sends a signal and waits for the process's end. A process that ends by
// itself, or not at all, is an error.
func (p *process) end(sig syscall.Signal) error {
	if p.cmd == nil {
		return nil
	}
	select {
	case <-p.done:
		p.cmd = nil
		p.url.Store("")
		return fmt.Errorf("%s ended by itself: %s", p.name, p.tail())
	default:
	}
	p.url.Store("")
	err := p.cmd.Process.Signal(sig)
	late := time.NewTimer(60 * time.Second)
	defer late.Stop()
	select {
	case <-p.done:
	case <-late.C:
		err = errors.Join(fmt.Errorf("%s did not end after a minute", p.name), p.cmd.Process.Kill())
		<-p.done
	}
	p.cmd = nil
	return err
}

// address is where the process answers; "" while it is down.
func (p *process) address() string {
	s, _ := p.url.Load().(string)
	return s
}

// tail is the end of the log.
func (p *process) tail() string {
	f, err := os.Open(p.log)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if _, err := f.Seek(-2000, io.SeekEnd); err != nil {
		f.Seek(0, io.SeekStart)
	}
	b, _ := io.ReadAll(f)
	return string(b)
}

// freePort finds one below those that the kernel gives to outgoing connections:
// one of these could take the port while its owner is down.
func freePort(t testing.TB) int {
	t.Helper()
	for port := 20000 + os.Getpid()%8000; port < 32000; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no free port")
	return 0
}

// await polls until ok gives true; it gives the last reason otherwise.
func await(d time.Duration, ok func() (bool, string)) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		done, why := ok()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not so after %v: %s", d, why)
		case <-tick.C:
		}
	}
}
