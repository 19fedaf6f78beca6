package chaos

import (
	"io"
	"net"
	"sync"
	"testing"
)

// How a link is.
const (
	linkWhole  = iota
	linkCut    // connections are closed, and refused
	linkSilent // connections stay, and nothing passes; new ones are not answered
)

// proxy is the link of one kiosk to NATS.
type proxy struct {
	target   string
	listener net.Listener

	mu    sync.Mutex
	state int
	moved chan struct{} // closed and replaced when state changes
	conns map[net.Conn]bool
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: target, listener: l, moved: make(chan struct{}), conns: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if !p.add(c) {
				c.Close()
				continue
			}
			wg.Go(func() { p.carry(c, &wg) })
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		p.set(linkCut)
		wg.Wait()
	})
	return p
}

func (p *proxy) address() string { return "nats://" + p.listener.Addr().String() }

// set changes the link. What was connected while it was silent is closed when
// it is whole again, as routers do that forgot a connection.
func (p *proxy) set(state int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if state == p.state {
		return
	}
	p.state = state
	close(p.moved)
	p.moved = make(chan struct{})
	if state != linkSilent {
		for c := range p.conns {
			c.Close()
		}
	}
}

func (p *proxy) add(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == linkCut {
		return false
	}
	p.conns[c] = true
	return true
}

func (p *proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	c.Close()
}

// pass waits while the link is silent.
func (p *proxy) pass() {
	for {
		p.mu.Lock()
		state, moved := p.state, p.moved
		p.mu.Unlock()
		if state != linkSilent {
			return
		}
		<-moved
	}
}

func (p *proxy) carry(in net.Conn, wg *sync.WaitGroup) {
	p.pass()
	out, err := net.Dial("tcp", p.target)
	if err != nil || !p.add(out) {
		p.drop(in)
		if err == nil {
			out.Close()
		}
		return
	}
	copyTo := func(to, from net.Conn) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			p.pass()
			if n > 0 {
				if _, werr := to.Write(buf[:n]); werr != nil {
					err = io.ErrClosedPipe
				}
			}
			if err != nil {
				p.drop(in)
				p.drop(out)
				return
			}
		}
	}
	wg.Go(func() { copyTo(out, in) })
	copyTo(in, out)
}
