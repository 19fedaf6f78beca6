package asvs

import "testing"

// Letters of any script come back as they were sent.
func TestV5_3_2(t *testing.T) {
	named(t, "Nguyễn Thị Ấm ກຂ Ψ 中", "Nguyễn Thị Ấm ກຂ Ψ 中")
}
