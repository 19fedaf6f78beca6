package asvs

import "testing"

// What people write is written for the place where it stands: here in text, and
// in the value of a field.
func TestV5_3_1(t *testing.T) {
	named(t, `"><b>đậm</b>`, `&#34;&gt;&lt;b&gt;đậm&lt;/b&gt;`)
}
