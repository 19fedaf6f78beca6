package asvs

import (
	"testing"
	"time"
)

// However often somebody answers, it is one ballot.
func TestV11_1_3(t *testing.T) {
	count := func() (n float64) {
		today := time.Now().In(time.FixedZone("", 7*3600))
		out := ask[map[string]any](t, "/api/v1/index?unit=BVDK-VINH&service=public&from="+today.Format(time.DateOnly)+"&to="+today.AddDate(0, 0, 1).Format(time.DateOnly), "")
		return deep(out, "rated")
	}
	id, other := slip(t), slip(t)
	tap(t, other, 3)
	before := 0.0
	eventually(t, "the first is counted", func() bool { before = count(); return before > 0 })
	for _, score := range []int{5, 4, 3, 2, 1} {
		tap(t, id, score)
	}
	eventually(t, "one more", func() bool { return count() == before+1 })
}
