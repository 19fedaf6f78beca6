package asvs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"testing"
)

// Nothing compressed is unpacked: a few kilobytes can't fill the memory.
func TestV12_1_2(t *testing.T) {
	var small bytes.Buffer
	w := gzip.NewWriter(&small)
	_, err := w.Write(make([]byte, 20<<20))
	if err = errors.Join(err, w.Close()); err != nil || small.Len() > 50_000 {
		t.Fatal(small.Len(), err)
	}
	for path, kind := range map[string]string{"/api/v1/kiosks/enrol": "application/json", "/r": "application/x-www-form-urlencoded", "/signin": "application/x-www-form-urlencoded"} {
		for _, encoding := range []string{"gzip", "deflate", "br"} {
			if a := browse(t).send("POST", path, small.Bytes(), "Content-Type", kind, "Content-Encoding", encoding); a.status != 415 {
				t.Errorf("%s, %s: %d %s", path, encoding, a.status, a.body)
			}
		}
	}
}
