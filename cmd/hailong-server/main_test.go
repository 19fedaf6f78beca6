package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hailong/server/openid/openidtest"
)

// asMain makes this test program run as hailong-server itself, for what only a
// process has: signals and exit codes.
const asMain = "HAILONG_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	code := m.Run()
	openidtest.Clean()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

var built struct {
	once sync.Once
	dir  string
	err  error
	out  []byte
}

// kioskProgram is hailong-kiosk, which is a program of its own: a main package
// can't be imported.
func kioskProgram(t testing.TB) string { t.Helper(); return program(t, "hailong-kiosk") }

// program builds both programs, as operators have them.
func program(t testing.TB, name string) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "hailong-programs"); built.err == nil {
			built.out, built.err = exec.Command("go", "build", "-o", built.dir, "hailong/cmd/hailong-kiosk", "hailong/cmd/hailong-server").CombinedOutput()
		}
	})
	if built.err != nil {
		t.Fatalf("build the programs: %v\n%s", built.err, built.out)
	}
	return filepath.Join(built.dir, name)
}

// process is a program of ours that a test started.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	ended chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
	new *sync.Cond
}

// launch starts a program in a group of its own; the test's end kills it.
func launch(t testing.TB, env []string, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.new = sync.NewCond(&p.mu)
	p.cmd.Env = append(os.Environ(), env...)
	stderr, err := p.cmd.StderrPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.mu.Lock()
			p.log.Write(append(lines.Bytes(), '\n'))
			p.new.Broadcast()
			p.mu.Unlock()
		}
		_ = p.cmd.Wait() // the code is read where it matters
		close(p.ended)
		p.mu.Lock()
		p.new.Broadcast()
		p.mu.Unlock()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// says waits for a line with what the expression's group matches, and gives it.
func (p *process) says(expression string) string {
	p.t.Helper()
	re := regexp.MustCompile(expression)
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if m := re.FindStringSubmatch(p.log.String()); m != nil {
			return m[len(m)-1]
		}
		if p.over() {
			p.t.Fatalf("%v ended without saying %s:\n%s", p.cmd.Args, expression, p.log.String())
		}
		p.new.Wait()
	}
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// stop asks the process to stop as Ctrl-C does, and gives its exit code and how
// long it took.
func (p *process) stop() (code int, took time.Duration) {
	p.t.Helper()
	start := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
	return p.code(), time.Since(start)
}

// code waits for the end.
func (p *process) code() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		p.t.Fatalf("%v does not end:\n%s", p.cmd.Args, p.text())
	}
	return p.cmd.ProcessState.ExitCode()
}

// startMain starts hailong-server as a process.
func startMain(t testing.TB, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return launch(t, []string{asMain + "=1"}, self, args...)
}

// counter is a kiosk as a process.
type counter struct {
	*process
	t         testing.TB
	url, data string
}

// startKiosk starts a kiosk with a data folder of its own, which gets its
// credential from the server once its key is admitted.
func startKiosk(t testing.TB, server, data string, more ...string) *counter {
	t.Helper()
	k := &counter{t: t, data: data}
	args := append([]string{"--log-level=debug", "serve", "--data=" + data, "--listen=127.0.0.1:0", "--server=" + server}, more...)
	k.process = launch(t, nil, kioskProgram(t), args...)
	k.url = k.says(`msg="hailong-kiosk is ready" screen=(\S+)`)
	return k
}

// key is the kiosk's public key.
func (k *counter) key() string {
	k.t.Helper()
	out, err := exec.Command(kioskProgram(k.t), "key", "--data="+k.data).Output()
	if err != nil {
		k.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
