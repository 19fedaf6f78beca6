package httpx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"hailong/internal/survey"
)

// Assets are the static files of an app, at /static/NAME. They are read when
// first asked for, so that a kiosk does not hold what only staff pages use.
type Assets struct {
	files map[string]*asset
}

type asset struct {
	from fs.FS
	name string
	once sync.Once
	err  error
	data []byte
	gzip []byte // nil where it would not help
	hash string // 16 hexadecimal digits
}

var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".png":   "image/png",
	".ico":   "image/x-icon",
	".txt":   "text/plain; charset=utf-8",
	".woff2": "font/woff2",
	".wasm":  "application/wasm",
}

// NewAssets lists the files of the folders; where two have one name, the first
// folder's counts.
func NewAssets(folders ...fs.FS) (*Assets, error) {
	a := &Assets{files: map[string]*asset{}}
	for _, folder := range folders {
		err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if a.files[name] == nil && types[path.Ext(name)] != "" {
				a.files[name] = &asset{from: folder, name: name}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("httpx: assets: %w", err)
		}
	}
	return a, nil
}

// Has says whether there is such a file.
func (a *Assets) Has(name string) bool { return a != nil && a.files[name] != nil }

// URL gives the address of a file, with its content's hash, so that browsers
// may keep it for good; "" where there is no such file.
func (a *Assets) URL(name string) string {
	if !a.Has(name) {
		return ""
	}
	f := a.files[name]
	if f.load() != nil {
		return ""
	}
	return "/static/" + name + "?v=" + f.hash
}

func (f *asset) load() error {
	f.once.Do(func() {
		if f.data, f.err = fs.ReadFile(f.from, f.name); f.err != nil {
			return
		}
		sum := sha256.Sum256(f.data)
		f.hash = hex.EncodeToString(sum[:8])
		if ext := path.Ext(f.name); ext == ".css" || ext == ".js" || ext == ".svg" {
			if z := fasthttp.AppendGzipBytesLevel(nil, f.data, fasthttp.CompressDefaultCompression); len(z) < len(f.data) {
				f.gzip = z
			}
		}
	})
	return f.err
}

func (a *Assets) serve(c *fiber.Ctx) error {
	f := a.files[c.Params("*")]
	if f == nil {
		return survey.New(survey.CodeNotFound)
	}
	if err := f.load(); err != nil {
		return err
	}
	tag := `"` + f.hash + `"`
	c.Set(fiber.HeaderETag, tag)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderContentType, types[path.Ext(f.name)])
	switch {
	case c.Query("v") == f.hash:
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	case strings.HasSuffix(f.name, ".woff2"): // named by their own styles, without a hash
		c.Set(fiber.HeaderCacheControl, "public, max-age=604800")
	default:
		c.Set(fiber.HeaderCacheControl, "no-cache")
	}
	if c.Get(fiber.HeaderIfNoneMatch) == tag {
		return c.SendStatus(fiber.StatusNotModified)
	}
	if f.gzip != nil && acceptsGzip(c) {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(f.gzip)
	}
	return c.Send(f.data)
}

func acceptsGzip(c *fiber.Ctx) bool {
	return c.Request().Header.HasAcceptEncoding("gzip")
}
