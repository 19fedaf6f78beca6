package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// starter starts children from one thread that lives as long as this process:
// the kernel ends a child when the thread that started it ends (Pdeathsig), so
// none outlives a run, however it ends.
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

// process is a program that runs until it is ended.
type process struct {
	cmd  *exec.Cmd
	log  string
	said []string // what the pattern of start found
	done chan struct{}
}

// The lines by which the programs say where they are.
var (
	kioskReady  = regexp.MustCompile(`is ready.* screen="?(http://[^"\s]+)`)
	serverReady = regexp.MustCompile(`is ready.* pages="?(http://[^"\s]+)"? nats="?(nats://[^"\s]+)`)
	bareReady   = regexp.MustCompile(`"addr":"([^"]+)"`)
)

// start returns when the program has said where it is; with no pattern, at once.
func (b *bench) start(ready *regexp.Regexp, env []string, name string, args ...string) (*process, error) {
	log, err := os.CreateTemp(b.dir, filepath.Base(name)+"-*.log")
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	p := &process{cmd: exec.Command(b.program(name), args...), log: log.Name(), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(os.Environ(), env...), w, w
	err = errors.Join(startChild(p.cmd), w.Close())
	if err != nil {
		return nil, errors.Join(err, r.Close(), log.Close())
	}
	said := make(chan []string, 1)
	go func() {
		lines := bufio.NewReader(r)
		waits := ready != nil
		for err := error(nil); err == nil; {
			var text []byte
			text, err = lines.ReadBytes('\n')
			fmt.Fprintf(log, "%s", text)
			if !waits {
				continue
			}
			if m := ready.FindStringSubmatch(string(text)); m != nil {
				waits = false
				said <- m
			}
		}
		_ = p.cmd.Wait() // ended by us, or its log says why
		_ = r.Close()
		_ = log.Close()
		close(p.done)
	}()
	if ready == nil {
		return p, nil
	}
	late := time.NewTimer(2 * time.Minute)
	defer late.Stop()
	select {
	case p.said = <-said:
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("%s ended before it was ready: %s", name, p.tail())
	case <-late.C:
		return nil, errors.Join(fmt.Errorf("%s is not ready after two minutes: %s", name, p.tail()), p.end())
	}
}

// tail is the end of what the program printed.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-1500):])
}

// end lets the program end in order.
func (p *process) end() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s ended by itself: %s", filepath.Base(p.cmd.Path), p.tail())
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	select {
	case <-p.done:
		return nil
	case <-late.C:
		return errors.Join(fmt.Errorf("%s does not end", filepath.Base(p.cmd.Path)), p.cmd.Process.Kill())
	}
}

// resident is the memory of the program in MiB.
func (p *process) resident() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, l := range strings.Split(string(text), "\n") {
		if kib, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(kib, " kB")), 64)
			return n / 1024, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}

// cpu is the time that the program has computed.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// Behind the name in brackets: state, parent, … user and system ticks of 10 ms.
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, errors.New("no times in /proc")
	}
	user, err := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err, err2)
}

// kiosk starts a kiosk; an empty address of NATS is one where nobody is.
func (b *bench) kiosk(dir, nats string, env ...string) (*process, error) {
	if nats == "" {
		nats = "nats://127.0.0.1:1"
	}
	return b.start(kioskReady, env, "hailong-kiosk", "serve", "--data="+dir, "--listen=127.0.0.1:0", "--nats="+nats)
}

// server starts a server.
func (b *bench) server(dir string) (*process, error) {
	return b.start(serverReady, nil, "hailong-server", "serve", "--data="+dir, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0")
}

// figures is what a bare program prints.
type figures struct {
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ns"`
	P99       float64 `json:"p99_ns"`
	Took      float64 `json:"took_ns"`
	Rows      int     `json:"rows"`
}

// bare runs a bare program to its end.
func (b *bench) bare(ctx context.Context, env []string, args ...string) (f figures, err error) {
	out, err := b.output(ctx, env, "bare", args...)
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	return f, err
}

// output runs a program to its end, for two minutes at most.
func (b *bench) output(ctx context.Context, env []string, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var out, problems bytes.Buffer
	c := exec.CommandContext(ctx, b.program(name), args...)
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), env...), &out, &problems
	if err := startChild(c); err != nil {
		return nil, err
	}
	if err := c.Wait(); err != nil {
		return nil, fmt.Errorf("%s %v: %w: %s", name, args, err, problems.Bytes())
	}
	return out.Bytes(), nil
}
