package asvs

import "testing"

// Programs have a token of their own that can be changed at any time; people have
// sessions, and no token of theirs lets anybody in.
func TestV3_5_2(t *testing.T) {
	token, id := program(t)
	if a := api(t, token, "GET", "/api/v1/questionnaires", ""); a.status != 200 {
		t.Fatalf("%d", a.status)
	}
	fresh := ask[struct{ Token string }](t, "/api/v1/tokens/rotate", `{"id":"`+id+`","at_once":true}`).Token
	for bearer, want := range map[string]int{token: 401, fresh: 200, as(t, "unit").cookie(): 401} {
		if a := api(t, bearer, "GET", "/api/v1/questionnaires", ""); a.status != want {
			t.Errorf("%d, want %d", a.status, want)
		}
	}
}
