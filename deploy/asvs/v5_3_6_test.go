package asvs

import "testing"

// JSON is made by an encoder: what people write stays within its quotes.
func TestV5_3_6(t *testing.T) {
	b, _ := invited(t, "unit", "VINH")
	body := `{"role":"unit","unit":"VINH","login":"` + b.login + `.q","name":"a\",\"role\":\"administrator"}`
	if a := api(t, operator, "POST", "/api/v1/accounts", body); a.status/100 != 2 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	out := ask[struct {
		Accounts []struct{ Login, Role, Name string }
	}](t, "/api/v1/accounts", "")
	found := false
	for _, x := range out.Accounts {
		if x.Login == b.login+".q" {
			found = x.Role == "unit" && x.Name == `a","role":"administrator`
		}
	}
	if !found {
		t.Errorf("%+v", out.Accounts)
	}
}
