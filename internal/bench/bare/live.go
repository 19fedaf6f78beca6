package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"
)

func liveProgram(flags *flag.FlagSet) func() error {
	address := flags.String("url", "", "of a stream of server-sent events")
	cookie := flags.String("cookie", "", "that goes with each request")
	n := flags.Int("n", 1000, "how many times it is opened")
	return func() error { return live(*address, *cookie, *n) }
}

// live opens a stream many times and says when all have had an event. Then, for
// each line that it reads, it says that it waits, and how long it took until all
// had another.
func live(address, cookie string, n int) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	had := make(chan error, n)
	for range n {
		c, err := net.Dial("tcp", u.Host)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nCookie: %s\r\n\r\n", u.RequestURI(), u.Host, cookie); err != nil {
			return err
		}
		go events(c, had)
	}
	all := func() error {
		for range n {
			if err := <-had; err != nil {
				return err
			}
		}
		return nil
	}
	if err := all(); err != nil {
		return err
	}
	if err := (figures{Rows: n}).print(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		start := time.Now()
		if err := (figures{}).print(); err != nil {
			return err
		}
		if err := all(); err != nil {
			return err
		}
		if err := (figures{Took: int64(time.Since(start)), Rows: n}).print(); err != nil {
			return err
		}
	}
	return nil
}

// events says whenever numbers come.
func events(c net.Conn, had chan<- error) {
	r := bufio.NewReaderSize(c, 1024)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			had <- err
			return
		}
		if bytes.HasPrefix(line, []byte("event: numbers")) {
			had <- nil
		}
	}
}
