// Package web holds what the pages are made of: templates, styles, scripts and
// message catalogues, embedded in the program. It imports nothing of ours.
package web

import (
	"embed"
	"io/fs"
)

//go:embed templates
var templates embed.FS

//go:embed locales
var locales embed.FS

//go:embed assets
var assets embed.FS

//go:embed dist
var dist embed.FS

// Templates holds the pages as html/template sources: a folder for each set of
// pages (kiosk, phone, staff, error) and parts, which all sets share.
func Templates() fs.FS { return below(templates, "templates") }

// Locales holds the message catalogues, NAME.LANGUAGE.json.
func Locales() fs.FS { return below(locales, "locales") }

// Assets holds our own styles and scripts.
func Assets() fs.FS { return below(assets, "assets") }

// Dist holds what build.mjs copied of other projects: tabler.css, echarts.js,
// htmx.js, zxing.js with its wasm file, fonts.css and fonts/. It is all but empty
// where Node was not run.
func Dist() fs.FS { return below(dist, "dist") }

func below(files embed.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the name is one of the constants above
	}
	return sub
}
