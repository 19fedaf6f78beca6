package asvs

import "testing"

// Nothing but plain values is read from outside: no type that the sender names,
// no alias that grows.
func TestV5_5_3(t *testing.T) {
	for _, text := range []string{"a: &a [*a,*a]\n", "!!python/object/apply:os.system ['id']\n", "units: !!binary x\n",
		"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"} {
		if a := browse(t).send("POST", "/api/v1/organisation", []byte(text), "Authorization", "Bearer "+operator, "Content-Type", "application/yaml"); a.status != 400 && a.status != 422 {
			t.Errorf("%.20q: %d %s", text, a.status, a.body)
		}
	}
}
