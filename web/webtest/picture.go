// Package webtest compares pictures of screens with those in web/pictures/reference,
// which somebody looked at and found good.
//
//	go test ./kiosk ./server/phone -run Reference -update
//
// makes them anew; look at them then.
package webtest

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "make the reference pictures anew")

const (
	shrink = 4    // reference pictures are so much smaller: letters become grey, whatever smooths their edges
	step   = 14   // of 255: a channel that is further off makes a pixel another one
	share  = .002 // of the pixels may be others
)

// Picture compares a screen as it is shown, a PNG, with the reference of that
// name. Where HAILONG_PICTURES names a folder, what differs goes there.
func Picture(t testing.TB, name string, shown []byte) {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(shown))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got := smaller(full)
	path := filepath.Join(root(t), "web", "pictures", "reference", name+".png")
	if *update {
		write(t, path, got)
		return
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: -update makes it", err)
	}
	want, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if want.Bounds() != got.Bounds() {
		t.Errorf("%s is %v, its reference %v", name, got.Bounds(), want.Bounds())
		return
	}
	others, where := differing(got, want)
	if size := got.Bounds().Dx() * got.Bounds().Dy(); float64(others) <= share*float64(size) {
		return
	} else {
		t.Errorf("%s: %d of %d pixels differ from the reference, within %v of %v", name, others, size, where, got.Bounds())
	}
	if folder := os.Getenv("HAILONG_PICTURES"); folder != "" {
		write(t, filepath.Join(folder, name+"-shown.png"), got)
	}
}

// differing counts the pixels that are others, and gives the box around them.
func differing(a, b image.Image) (n int, where image.Rectangle) {
	box := a.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			if far(r1, r2) || far(g1, g2) || far(b1, b2) {
				n++
				where = where.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return n, where
}

func far(a, b uint32) bool {
	d := int(a>>8) - int(b>>8)
	return d > step || d < -step
}

// smaller makes one pixel of each block of them: their mean.
func smaller(full image.Image) *image.NRGBA {
	box := full.Bounds()
	small := image.NewNRGBA(image.Rect(0, 0, box.Dx()/shrink, box.Dy()/shrink))
	for y := range small.Rect.Dy() {
		for x := range small.Rect.Dx() {
			var sum [3]uint32
			for i := range shrink * shrink {
				r, g, b, _ := full.At(box.Min.X+x*shrink+i%shrink, box.Min.Y+y*shrink+i/shrink).RGBA()
				sum[0], sum[1], sum[2] = sum[0]+r>>8, sum[1]+g>>8, sum[2]+b>>8
			}
			const n = shrink * shrink
			small.SetNRGBA(x, y, color.NRGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
		}
	}
	return small
}

func write(t testing.TB, path string, img image.Image) {
	t.Helper()
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, img)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, b.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(fmt.Errorf("picture: %w", err))
	}
}

// root is the folder of the module.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above this folder")
		}
		dir = filepath.Dir(dir)
	}
}
