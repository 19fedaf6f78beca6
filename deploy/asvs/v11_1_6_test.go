package asvs

import "testing"

// Of many who use one code at the same time one gets in.
func TestV11_1_6(t *testing.T) {
	b := person(t, "unit", "VINH")
	_, codes := b.second()
	var all []*browser
	for range 4 {
		c := b.again()
		c.signIn(b.login, password)
		all = append(all, c)
	}
	in := make(chan bool)
	for _, c := range all {
		go func() { in <- c.form("/signin/second", "code", codes[0]).status == 303 }()
	}
	n := 0
	for range all {
		if <-in {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of %d", n, len(all))
	}
}
