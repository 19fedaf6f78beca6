package asvs

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"
)

// greeting is what NATS says first, before TLS.
func greeting(t *testing.T) (net.Conn, string) {
	t.Helper()
	conn, err := net.Dial("tcp", nats)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	info, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return conn, info
}

// hello connects to NATS as somebody, and gives all that it answers.
func hello(t *testing.T, as string) (said string) {
	t.Helper()
	conn, info := greeting(t)
	if !strings.Contains(info, `"auth_required":true`) {
		t.Errorf("nobody is asked who they are: %s", info)
	}
	over := tls.Client(conn, &tls.Config{RootCAs: trust, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
	if _, err := over.Write([]byte("CONNECT " + as + "\r\nPING\r\n")); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(over)
	for lines.Scan() {
		if said += lines.Text() + "\n"; strings.HasPrefix(lines.Text(), "PONG") || strings.HasPrefix(lines.Text(), "-ERR") {
			return said
		}
	}
	return said
}
