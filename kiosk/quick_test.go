package kiosk

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzQuick: what the quick reading takes, encoding/json takes with the same
// value; what it does not take leaves no trace.
func FuzzQuick(f *testing.F) {
	for _, s := range []string{
		`{"scan":"HTTPS://H.VN/R/0123","score":5,"session":"00ff","language":"vi","took_ms":2345}`,
		" {\n\"score\" : 4 , \"scan\":\"\"}\t", `{}`, `{"score":5}`, `{"score":5,}`, `{,"score":5}`, `{"score":5 "scan":""}`,
		`{"score":5}{`, `{"score":12}`, `{"score":05}`, `{"took_ms":0123}`, `{"took_ms":1234567890}`, `{"took_ms":-1}`, `{"took_ms":1e2}`,
		`{"score":5,"questionnaire":12}`, `{"questionnaire":65536}`, `{"score":5,"answers":{"staff":4}}`, `{"score":5,"comment":""}`, `{"score":"5"}`, `{"scan":5}`, `{"scan":null}`, `{"scan":"\u0041"}`, `{"scan":"á"}`, `{"Scan":"A"}`, `{"score":1,"score":2}`,
		`{"other":1}`, `{"scan"}`, `{"scan":}`, `{"scan":"a`, `{"score":`, `[]`, `null`, ``, `{"score":5]`, `{"scan":"a" , }`, "{\"scan\":\"\x7f\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := ratingRequest{Scan: "before", Score: 3}
		got := before
		if !got.QuickJSON(body) {
			if !reflect.DeepEqual(got, before) {
				t.Errorf("%q left %+v", body, got)
			}
			return
		}
		var want ratingRequest
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&want); err != nil || !reflect.DeepEqual(got, want) || d.More() {
			t.Errorf("%q: %+v, want %+v (%v)", body, got, want, err)
		}
	})
}

// TestQuickTakes what the screen's script sends for a tap.
func TestQuickTakes(t *testing.T) {
	sent := []byte(`{"scan":"HTTPS://HAILONG.VN/R/0123456789ABCDEFG","session":"00ff","score":5,"language":"vi","took_ms":3599999,"questionnaire":7}`)
	var r ratingRequest
	if !r.QuickJSON(sent) || r.Questionnaire != 7 || r.TookMS != 3_599_999 || r.Score != 5 {
		t.Errorf("%s: %+v", sent, r)
	}
}
