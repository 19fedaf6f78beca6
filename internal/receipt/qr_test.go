package receipt

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var sample = ID{0x5A, 0x17, 0x00, 0xFF, 0x31, 0x42, 0x53, 0x64, 0x75, 0x86}

// Version 3 has 29 modules a side: on a label of 2 cm at 203 dpi each is four
// dots wide. Hosts of the usual length stay within it.
func TestQRVersion(t *testing.T) {
	for _, base := range []string{"https://danhgia.nghean.gov.vn", "https://hailong.nghean.gov.vn", "http://192.168.100.200:8080",
		"https://mucdohailong.tinhquangninh.gov.vn", "https://" + strings.Repeat("h", 33)} {
		url := URL(base, sample)
		q, err := NewQR(url)
		if err != nil {
			t.Fatal(err)
		}
		if q.Version != 3 || q.Modules() != 29+8 {
			t.Errorf("%s: version %d, %d modules", url, q.Version, q.Modules())
		}
		if url != strings.ToUpper(url) || !strings.HasSuffix(url, "/R/"+sample.String()) {
			t.Errorf("%s: not upper case as a whole", url)
		}
	}
	if _, err := NewQR(strings.Repeat("x", 5000)); err == nil {
		t.Error("no QR code holds 5,000 bytes")
	}
}

// A label printer of 203 dpi has 160 dots on 2 cm. The code lies somewhere on a
// larger white page, as a scanner's camera sees it.
func TestQRPrintedIsReadBack(t *testing.T) {
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("zbarimg is missing: install Debian's package zbar-tools")
	}
	dir := t.TempDir()
	for i := range 20 {
		id := sample
		id[9] += byte(i)
		url := URL("https://danhgia.nghean.gov.vn", id)
		q, err := NewQR(url)
		if err != nil {
			t.Fatal(err)
		}
		data, err := q.PNG(160)
		if err != nil {
			t.Fatal(err)
		}
		code, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if code.Bounds() != image.Rect(0, 0, 160, 160) {
			t.Fatalf("size %v", code.Bounds())
		}
		wholeDots(t, q, code, 4, 6)
		page := image.NewGray(image.Rect(0, 0, 640, 480))
		draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
		draw.Draw(page, image.Rect(211, 97, 211+160, 97+160), code, image.Point{}, draw.Src)
		var out bytes.Buffer
		if err := png.Encode(&out, page); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "page.png")
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := exec.Command(zbarimg, "--quiet", "--raw", path).Output()
		if err != nil {
			t.Fatalf("zbarimg: %v", err)
		}
		if s := strings.TrimSpace(string(got)); s != url {
			t.Fatalf("read %q, printed %q", s, url)
		}
		if scanned, err := Scan(string(got)); err != nil || scanned.ID != id {
			t.Fatalf("%+v, %v", scanned, err)
		}
	}
}

// wholeDots checks that each module is scale × scale dots of one colour, from
// offset, and that there is nothing else.
func wholeDots(t *testing.T, q *QR, img image.Image, scale, offset int) {
	t.Helper()
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			mx, my := (x-offset+scale)/scale-1, (y-offset+scale)/scale-1
			dark := mx >= 0 && my >= 0 && mx < q.Modules() && my < q.Modules() && q.dark[my][mx]
			want := color.Gray{Y: 255}
			if dark {
				want.Y = 0
			}
			if got := color.GrayModel.Convert(img.At(x, y)); got != want {
				t.Fatalf("dot %d,%d: %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestPNGSizes(t *testing.T) {
	q, err := NewQR(URL("https://danhgia.nghean.gov.vn", sample))
	if err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int]int{-1: 37, 0: 37, 37: 37, 73: 73, 74: 74, 1000: 1000, 1 << 30: 4096} {
		data, err := q.PNG(size)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil || img.Width != want || img.Height != want {
			t.Errorf("%d: %d × %d, %v; want %d", size, img.Width, img.Height, err, want)
		}
	}
}

// The path paints exactly the dark modules, within a white border of four.
func TestSVG(t *testing.T) {
	q, err := NewQR(URL("https://danhgia.nghean.gov.vn", sample))
	if err != nil {
		t.Fatal(err)
	}
	svg := string(q.SVG())
	if strings.Count(svg, "<path") != 1 || strings.Contains(svg, "style") || !strings.Contains(svg, `viewBox="0 0 37 37"`) {
		t.Error(svg)
	}
	painted := make(map[[2]int]bool)
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(svg, -1) {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		n, _ := strconv.Atoi(m[3])
		if m[3] != m[4] {
			t.Fatalf("open run %s", m[0])
		}
		for i := range n {
			painted[[2]int{x + i, y}] = true
		}
	}
	for y, row := range q.dark {
		for x, dark := range row {
			if painted[[2]int{x, y}] != dark {
				t.Fatalf("module %d,%d", x, y)
			}
			if edge := x < quiet || y < quiet || x >= 37-quiet || y >= 37-quiet; edge && dark {
				t.Fatalf("module %d,%d lies in the quiet zone", x, y)
			}
		}
	}
}
