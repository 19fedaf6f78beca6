package asvs

import (
	"strings"
	"testing"
)

// Who takes away what people wrote is on record, without the words.
func TestV8_3_5(t *testing.T) {
	const comment = "xin thêm ghế ngồi chờ"
	writes(t, slip(t), comment, "0933 444 555")
	b := as(t, "auditor")
	eventually(t, "the comment is in the file", func() bool { return strings.Contains(b.get("/texts/file").body, comment) })
	eventually(t, "the record", func() bool {
		record := b.get("/api/v1/audit?action=texts.export").body
		if strings.Contains(record, comment) {
			t.Fatal("the words are on record")
		}
		return strings.Contains(record, b.id)
	})
}
