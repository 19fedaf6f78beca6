package organisation

import (
	"strings"
	"testing"

	"hailong/internal/survey"
)

// TestRetention: a file says for how many days texts are kept, or says nothing
// of it.
func TestRetention(t *testing.T) {
	of := func(settings string) map[string]string {
		t.Helper()
		text := strings.Replace(small, "least_answers: 30", settings, 1)
		o, err := Parse("x.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, s := range o.Settings {
			if strings.HasPrefix(s.Key, "retention:") {
				got[s.Key] = s.Value
			}
		}
		return got
	}
	if got := of("least_answers: 30"); len(got) != 0 {
		t.Errorf("nothing said: %v", got)
	}
	got := of("comment_days: 1, contact_days: 3650")
	if len(got) != 2 || survey.KeptComments.Of(got[survey.KeptComments.Setting]) != 1 || survey.KeptContacts.Of(got[survey.KeptContacts.Setting]) != 3650 {
		t.Errorf("%v", got)
	}
	for _, broken := range []string{"", "0", "3651", "9e9", "-1", " 7", "một năm"} {
		if survey.KeptComments.Of(broken) != 365 || survey.KeptContacts.Of(broken) != 90 {
			t.Errorf("%q is not taken for no setting", broken)
		}
	}
}
