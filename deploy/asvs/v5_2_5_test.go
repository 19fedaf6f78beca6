package asvs

import "testing"

// What people write is never taken for a template.
func TestV5_2_5(t *testing.T) {
	named(t, `{{.L.Tag}}${7*7}<%= 7*7 %>`, `{{.L.Tag}}${7*7}&lt;%= 7*7 %&gt;`)
}
