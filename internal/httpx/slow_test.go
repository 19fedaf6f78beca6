package httpx_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestSlowClients: whoever sends a request's head or body drop by drop has its
// connection closed within the limit, however busy it is, and holds nobody up
// meanwhile.
func TestSlowClients(t *testing.T) {
	f := newApp(t)
	if limit := f.Config().ReadTimeout; limit <= 0 || limit > 30*time.Second {
		t.Errorf("a request may take %v to arrive", limit)
	}
	f.Server().ReadTimeout = 2 * time.Second // so that nobody waits half a minute for this test
	address := listen(t, f.App)
	for name, begin := range map[string]string{
		"nothing": "",
		"a head":  "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"a body":  "POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{",
		"chunks":  "POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, begin); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { // ends when the server has closed
				_, _ = io.Copy(io.Discard, c) // the answer, if there is one, does not matter
				close(ended)
			}()
			drop, limit := time.NewTicker(50*time.Millisecond), time.After(20*time.Second)
			defer drop.Stop()
			for served := 0; ; {
				select {
				case <-ended:
					if served == 0 {
						t.Error("nobody else was served meanwhile")
					}
					return
				case <-limit:
					t.Fatal("the connection is still open")
				case <-drop.C:
					if begin != "" {
						drip := "a"
						if name == "chunks" {
							drip = "1\r\na\r\n"
						}
						_, _ = io.WriteString(c, drip) // may be closed by now
					}
					res, err := http.Get("http://" + address + "/healthz")
					if err != nil {
						t.Fatal(err)
					}
					res.Body.Close()
					if res.StatusCode == http.StatusOK {
						served++
					}
				}
			}
		})
	}
}

// TestTwoLengths: of a request whose length can be read in two ways, a proxy
// before us could see another end than we do, and the rest would be taken for
// somebody else's request. Nothing behind it is answered; behind one that is
// plain it is.
func TestTwoLengths(t *testing.T) {
	address := listen(t, newApp(t).App)
	const plain = "transfer-encoding: Chunked"
	for _, head := range []string{
		plain,
		"Content-Length: 5\r\nTransfer-Encoding: chunked",
		"Transfer-Encoding: chunked\r\nContent-Length: 5",
		"Content-Length: 5\r\nContent-Length: 6",
		"Content-Length: 5, 6",
		"Content-Length: +5",
		"Content-Length: 0x5",
		"Content-Length: -1",
		"Content-Length : 5",
		" Content-Length: 5",
		"Transfer-Encoding : chunked",
		"Transfer-Encoding: xchunked",
		"Transfer-Encoding: chunked, identity",
		"Transfer-Encoding: identity, chunked",
		"Transfer-Encoding: \x0bchunked",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
		"X: y\rTransfer-Encoding: chunked",
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		text := "POST /form HTTP/1.1\r\nHost: x\r\n" + head + "\r\n\r\n0\r\n\r\nGET /secret/behind HTTP/1.1\r\nHost: x\r\n\r\n"
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		_ = c.(*net.TCPConn).CloseWrite() // the other side may have closed already
		in := bufio.NewReader(c)
		var said []string
		behind := false
		for {
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				break
			}
			body, _ := io.ReadAll(res.Body) // may break off
			said = append(said, fmt.Sprintf("%d %.20q", res.StatusCode, body))
			behind = behind || string(body) == "behind"
		}
		if behind != (head == plain) {
			t.Errorf("%q: what lies behind is answered: %v; %v", head, behind, said)
		}
		c.Close()
	}
}
