package asvs

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// Pages speak TLS and nothing else, and browsers are told to come back so.
func TestV9_1_1(t *testing.T) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("GET /signin HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if said, _ := io.ReadAll(conn); strings.Contains(string(said), "<form") {
		t.Error("a page in the clear")
	}
	if a := browse(t).get("/signin"); !strings.Contains(a.header.Get("Strict-Transport-Security"), "max-age=31536000") {
		t.Error(a.header)
	}
}
