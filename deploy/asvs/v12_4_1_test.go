package asvs

import "testing"

// What is sent is read and not kept as a file: nothing of it is in the data
// folder.
func TestV12_4_1(t *testing.T) {
	const mark = "tệp-thử-không-được-giữ-lại"
	browse(t).send("POST", "/api/v1/receipts/import", []byte(mark+","+mark+"\n"), "Content-Type", "text/csv", "Authorization", "Bearer "+operator)
	browse(t).send("POST", "/api/v1/organisation", []byte("# "+mark+"\nunits: ["), "Content-Type", "application/yaml", "Authorization", "Bearer "+operator)
	if where := kept(t, mark); len(where) > 0 {
		t.Error(where)
	}
}
