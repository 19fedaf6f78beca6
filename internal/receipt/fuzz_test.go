package receipt

import (
	"testing"

	"hailong/internal/survey"
)

func FuzzParseID(f *testing.F) {
	f.Add(ID{1, 2, 3}.String())
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID(s)
		if err != nil {
			if survey.CodeOf(err) != survey.CodeBadReceiptID || id != (ID{}) {
				t.Fatalf("%q: %v, %v", s, id, err)
			}
			return
		}
		if again, err := ParseID(id.String()); err != nil || again != id {
			t.Fatalf("%q: %v, then %v, %v", s, id, again, err)
		}
	})
}

func FuzzScan(f *testing.F) {
	f.Add(URL("https://danhgia.nghean.gov.vn", ID{1, 2, 3}))
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Scan(s)
		switch {
		case err != nil:
			if c := survey.CodeOf(err); c.Status() != 400 || got != (Scanned{}) {
				t.Fatalf("%q: %+v, %v", s, got, err)
			}
		case got.Bound == survey.BindingReceipt:
			if again, err := Scan(URL("http://h", got.ID)); err != nil || again != got || got.Code != "" {
				t.Fatalf("%q: %+v, then %+v, %v", s, got, again, err)
			}
		case got.Bound == survey.BindingDossier:
			if again, err := Scan(got.Code); err != nil || again != got || got.ID != (ID{}) || len(got.Code) > MaxCode {
				t.Fatalf("%q: %+v, then %+v, %v", s, got, again, err)
			}
		default:
			t.Fatalf("%q: %+v", s, got)
		}
	})
}

func FuzzNormaliseCode(f *testing.F) {
	f.Add("000.00.06.H56-231027-0361")
	f.Fuzz(func(t *testing.T, s string) {
		code, err := NormaliseCode(s)
		if err != nil {
			if survey.CodeOf(err) != survey.CodeBadDossierCode || code != "" {
				t.Fatalf("%q: %q, %v", s, code, err)
			}
			return
		}
		if again, err := NormaliseCode(code); err != nil || again != code {
			t.Fatalf("%q: %q, then %q, %v", s, code, again, err)
		}
	})
}
