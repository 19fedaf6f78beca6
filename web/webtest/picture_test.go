package webtest

import (
	"image"
	"image/color"
	"testing"
)

// A button of another colour or place makes another picture; smoother edges do
// not.
func TestDiffering(t *testing.T) {
	draw := func(at image.Rectangle, c, edge color.NRGBA) *image.NRGBA {
		img := image.NewNRGBA(image.Rect(0, 0, 1024, 600))
		for y := range 600 {
			for x := range 1024 {
				switch p := image.Pt(x, y); {
				case p.In(at.Inset(1)):
					img.SetNRGBA(x, y, c)
				case p.In(at):
					img.SetNRGBA(x, y, edge)
				default:
					img.SetNRGBA(x, y, color.NRGBA{244, 247, 246, 255})
				}
			}
		}
		return img
	}
	blue, paler, grey := color.NRGBA{11, 74, 111, 255}, color.NRGBA{30, 74, 111, 255}, color.NRGBA{60, 110, 140, 255}
	button := image.Rect(400, 300, 560, 380)
	want := smaller(draw(button, blue, blue))
	for name, test := range map[string]struct {
		img  *image.NRGBA
		same bool
	}{
		"the same":       {draw(button, blue, blue), true},
		"smoother":       {draw(button, blue, grey), true},
		"another colour": {draw(button, paler, paler), false},
		"moved":          {draw(button.Add(image.Pt(6, 0)), blue, blue), false},
		"gone":           {draw(image.Rectangle{}, blue, blue), false},
	} {
		n, where := differing(smaller(test.img), want)
		if same := float64(n) <= share*256*150; same != test.same {
			t.Errorf("%s: %d pixels differ, in %v", name, n, where)
		}
	}
}
