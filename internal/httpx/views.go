package httpx

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Views are the pages, all parsed at start. A folder of templates is a set of
// pages: its frame.html defines "frame", which every page of the folder fills;
// files named part-*.html are shared within the folder, the folder "parts" with
// all. Each other file is the view FOLDER/NAME.
type Views struct {
	views map[string]*template.Template
}

// partsFolder holds the templates that every set shares.
const partsFolder = "parts"

// NewViews parses the templates of a folder such as web.Templates. Templates
// may call
//
//	asset NAME   the address of a static file, "" where there is none
//	style NAME   the <link> of a style sheet, nothing where there is none
//	script NAME  the deferred <script> of a script, nothing where there is none
//
// so that pages stay plain, and work, where scripts and styles of other
// projects were not fetched. Where sets are named, the others are left alone: a
// kiosk neither holds the staff's pages nor depends on them.
func NewViews(files fs.FS, assets *Assets, sets ...string) (*Views, error) {
	root := template.New("").Funcs(template.FuncMap{
		"asset":  assets.URL,
		"style":  assets.style,
		"script": assets.script,
	})
	if parts, err := fs.Glob(files, partsFolder+"/*.html"); err != nil {
		return nil, err
	} else if len(parts) > 0 {
		if root, err = root.ParseFS(files, parts...); err != nil {
			return nil, fmt.Errorf("httpx: templates: %w", err)
		}
	}
	names, err := fs.Glob(files, "*/*.html")
	if err != nil {
		return nil, err
	}
	v := &Views{views: map[string]*template.Template{}}
	for _, name := range names {
		folder, file := path.Split(name)
		folder = strings.TrimSuffix(folder, "/")
		if len(sets) > 0 && !slices.Contains(sets, folder) {
			continue
		}
		if folder == partsFolder || file == "frame.html" || strings.HasPrefix(file, "part-") {
			continue
		}
		t, err := root.Clone()
		if err != nil {
			return nil, err
		}
		shared, err := fs.Glob(files, folder+"/part-*.html")
		if err != nil {
			return nil, err
		}
		if _, err := fs.Stat(files, folder+"/frame.html"); err == nil {
			shared = append(shared, folder+"/frame.html")
		}
		if t, err = t.ParseFS(files, append(shared, name)...); err != nil {
			return nil, fmt.Errorf("httpx: templates: %w", err)
		}
		if t.Lookup("frame") == nil {
			return nil, fmt.Errorf("httpx: templates: %s: neither it nor its folder's frame.html defines %q", name, "frame")
		}
		v.views[strings.TrimSuffix(name, ".html")] = t
	}
	return v, nil
}

// Has says whether there is such a view.
func (v *Views) Has(name string) bool { return v != nil && v.views[name] != nil }

// Names lists the views, in no order.
func (v *Views) Names() []string {
	names := make([]string, 0, len(v.views))
	for name := range v.views {
		names = append(names, name)
	}
	return names
}

// Write writes a whole page.
func (v *Views) Write(w io.Writer, name string, data any) error {
	return v.WritePart(w, name, "frame", data)
}

// WritePart writes one template of a view alone, for a page that replaces a
// part of itself.
func (v *Views) WritePart(w io.Writer, name, part string, data any) error {
	t := v.views[name]
	if t == nil {
		return fmt.Errorf("httpx: no view %q", name)
	}
	return t.ExecuteTemplate(w, part, data)
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Send answers with a whole page, which no cache keeps. An error leaves the
// answer as it was.
func (v *Views) Send(c *fiber.Ctx, status int, name string, data any) error {
	return v.SendPart(c, status, name, "frame", data)
}

// SendPart is Send for one template of a view.
func (v *Views) SendPart(c *fiber.Ctx, status int, name, part string, data any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := v.WritePart(b, name, part, data); err != nil {
		return err
	}
	c.Status(status)
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Append(fiber.HeaderVary, fiber.HeaderAcceptLanguage, fiber.HeaderAcceptEncoding)
	if b.Len() > 1400 && acceptsGzip(c) {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		c.Response().SetBodyRaw(fasthttp.AppendGzipBytesLevel(nil, b.Bytes(), fasthttp.CompressBestSpeed))
		return nil
	}
	c.Response().SetBody(b.Bytes()) // copies
	return nil
}

func (a *Assets) style(name string) template.HTML {
	if url := a.URL(name); url != "" {
		return template.HTML(`<link rel="stylesheet" href="` + url + `">`) // #nosec G203 -- names of our own files
	}
	return ""
}

func (a *Assets) script(name string) template.HTML {
	if url := a.URL(name); url != "" {
		return template.HTML(`<script src="` + url + `" defer></script>`) // #nosec G203 -- names of our own files
	}
	return ""
}
