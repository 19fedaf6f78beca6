package organisation

import (
	"testing"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

// Whatever the file, there is either an organisation whose facts can be
// recorded, or faults, and never both.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := Parse("fuzz.yaml", data)
		if err != nil {
			if o != nil || len(yamlfile.Faults(err)) == 0 && survey.CodeOf(err) != survey.CodeFileTooLarge {
				t.Fatalf("%v, %v", o, err)
			}
			return
		}
		known := make(map[string]bool)
		for _, u := range o.Units {
			known[u.Code] = true
		}
		roots := 0
		for _, u := range o.Units {
			if u.Parent == "" {
				roots++
			} else if !known[u.Parent] {
				t.Fatalf("%+v has no known parent", u)
			}
		}
		if roots != 1 && len(o.Units) > 0 {
			t.Fatalf("%d roots", roots)
		}
		for _, e := range o.Entries() {
			if _, err := fact.Marshal(e.Body); err != nil {
				t.Fatal(err)
			}
		}
	})
}
