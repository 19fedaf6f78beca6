package receipt

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"strings"

	"github.com/skip2/go-qrcode"
)

// URL is the address in a receipt's QR. It is in upper case as a whole, which
// QR stores in 5.5 bits a character; hosts and our paths ignore case. base is
// scheme and host, such as "https://danhgia.example.vn"; with at most 33
// characters of host the QR is of version 3.
func URL(base string, id ID) string {
	return strings.ToUpper(strings.TrimRight(base, "/")) + "/R/" + id.String()
}

// quiet is the white border that a QR code needs, in modules.
const quiet = 4

// QR is a QR code at error correction level M, which survives 15% of damage.
type QR struct {
	Version int      // 1–40: 17 + 4·version modules a side
	dark    [][]bool // with the quiet zone
}

// NewQR makes the QR code of a text, in the smallest version that holds it.
func NewQR(text string) (*QR, error) {
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("receipt: QR code of %d bytes: %w", len(text), err)
	}
	q.DisableBorder = true
	inner := q.Bitmap()
	n := len(inner) + 2*quiet
	dark := make([][]bool, n)
	for y := range dark {
		dark[y] = make([]bool, n)
		if y >= quiet && y < n-quiet {
			copy(dark[y][quiet:], inner[y-quiet])
		}
	}
	return &QR{Version: q.VersionNumber, dark: dark}, nil
}

// Modules is the number of modules a side, quiet zone included.
func (q *QR) Modules() int { return len(q.dark) }

// PNG draws the code on size × size pixels, black and white. Each module is a
// whole number of pixels, so that printers and screens keep it crisp; what is
// left over is white. A size below one pixel a module is raised to that, one
// above 4,096 pixels lowered to it.
func (q *QR) PNG(size int) ([]byte, error) {
	n := q.Modules()
	size = min(max(size, n), 4096)
	scale := size / n
	offset := (size - scale*n) / 2
	img := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	for y, row := range q.dark {
		for x, dark := range row {
			if !dark {
				continue
			}
			for dy := range scale {
				line := img.Pix[(offset+y*scale+dy)*img.Stride+offset+x*scale:]
				for dx := range scale {
					line[dx] = 1
				}
			}
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, img); err != nil {
		return nil, fmt.Errorf("receipt: encode PNG: %w", err)
	}
	return out.Bytes(), nil
}

// SVG draws the code in units of one module, as one path on white, without
// width and height: whoever places it gives its size. It holds no style, so it
// may stand within a page under a strict content security policy.
func (q *QR) SVG() []byte {
	n := strconv.Itoa(q.Modules())
	var out bytes.Buffer
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + n + ` ` + n +
		`" shape-rendering="crispEdges"><rect width="` + n + `" height="` + n + `" fill="#fff"/><path fill="#000" d="`)
	for y, row := range q.dark {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < len(row) && row[x] {
				x++
			}
			fmt.Fprintf(&out, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
		}
	}
	out.WriteString(`"/></svg>`)
	return out.Bytes()
}
