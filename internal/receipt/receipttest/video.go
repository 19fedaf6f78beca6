// Package receipttest draws what the camera of a kiosk sees of a receipt or of
// another system's bar code, for tests of whatever reads it.
package receipttest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"hailong/internal/receipt"
)

const videoWide, videoHigh = 1280, 720

// QR is the QR code of a text, as receipts have it printed.
func QR(t testing.TB, text string) image.Image {
	t.Helper()
	code, err := receipt.NewQR(text)
	if err != nil {
		t.Fatal(err)
	}
	data, err := code.PNG(600)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// bars128 are the widths of bars and spaces of Code 128 (ISO/IEC 15417), by value.
const bars128 = "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221" +
	"223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321" +
	"112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131" +
	"311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114" +
	"122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141" +
	"214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232"

// Code128 is a bar code of plain ASCII, in code set B.
func Code128(text string) image.Image {
	values := []int{104} // start B
	sum := 104
	for i, r := range text {
		values = append(values, int(r)-32)
		sum += (i + 1) * (int(r) - 32)
	}
	values = append(values, sum%103)
	var widths []int
	for _, v := range values {
		for _, w := range bars128[6*v : 6*v+6] {
			widths = append(widths, int(w-'0'))
		}
	}
	for _, w := range "2331112" { // stop
		widths = append(widths, int(w-'0'))
	}
	const module, quiet, high = 4, 12, 200
	total := 2 * quiet
	for _, w := range widths {
		total += w
	}
	picture := image.NewGray(image.Rect(0, 0, total*module, high))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	x := quiet * module
	for i, w := range widths {
		if i%2 == 0 {
			draw.Draw(picture, image.Rect(x, 20, x+w*module, high-20), image.Black, image.Point{}, draw.Src)
		}
		x += w * module
	}
	return picture
}

// Video is what a camera sees of a code that is held before it: first an empty
// desk, then the paper, a little out of focus, in dim and uneven light, with
// noise. degrees turn the paper, and a degree is added in each of eight
// pictures; scale is its size in pixels of the video to those of code. It gives
// the name of a file in the form Y4M, which Chromium plays over and over
// (--use-file-for-fake-video-capture).
func Video(t testing.TB, code image.Image, degrees, scale float64) string {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var file bytes.Buffer
	fmt.Fprintf(&file, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", videoWide, videoHigh)
	chroma := bytes.Repeat([]byte{128}, videoWide*videoHigh/2)
	for frame := range 8 {
		file.WriteString("FRAME\n")
		picture := blur(scene(code, frame >= 3, (degrees+float64(frame))*math.Pi/180, scale))
		for i, v := range picture {
			x := float64(i%videoWide) / videoWide
			picture[i] = uint8(min(max(float64(v)*(0.55+0.3*x)+random.NormFloat64()*7, 0), 255))
		}
		file.Write(picture)
		file.Write(chroma)
	}
	name := filepath.Join(t.TempDir(), "camera.y4m")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// scene draws a code on its paper, on a grey desk.
func scene(code image.Image, held bool, angle, scale float64) []uint8 {
	luma := make([]uint8, videoWide*videoHigh)
	sin, cos := math.Sincos(angle)
	size := code.Bounds().Size()
	for i := range luma {
		x, y := float64(i%videoWide-videoWide/2), float64(i/videoWide-videoHigh/2)
		u, v := (x*cos+y*sin)/scale+float64(size.X)/2, (y*cos-x*sin)/scale+float64(size.Y)/2
		luma[i] = 110
		if held && u > -60 && v > -60 && u < float64(size.X+60) && v < float64(size.Y+60) {
			luma[i] = 245
			if (image.Point{int(u), int(v)}).In(code.Bounds()) && u >= 0 && v >= 0 {
				luma[i] = 20 + uint8(float64(color.GrayModel.Convert(code.At(int(u), int(v))).(color.Gray).Y)*0.88)
			}
		}
	}
	return luma
}

// blur gives each pixel the mean of the nine around it.
func blur(luma []uint8) []uint8 {
	out := bytes.Clone(luma)
	for y := 1; y < videoHigh-1; y++ {
		for x := 1; x < videoWide-1; x++ {
			sum := 0
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					sum += int(luma[(y+dy)*videoWide+x+dx])
				}
			}
			out[y*videoWide+x] = uint8(sum / 9)
		}
	}
	return out
}
