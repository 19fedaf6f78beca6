package report

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
)

// archive is a ZIP file whose bytes depend on its files alone: they are written
// at Close, in one order and with one time. It is excelize's ZipWriter.
type archive struct {
	to    io.Writer
	made  time.Time
	files map[string]*bytes.Buffer
}

func newArchive(to io.Writer, made time.Time) *archive {
	return &archive{to: to, made: made.UTC(), files: map[string]*bytes.Buffer{}}
}

// Create begins a file; one of the same name is replaced.
func (a *archive) Create(name string) (io.Writer, error) {
	a.files[name] = &bytes.Buffer{}
	return a.files[name], nil
}

// AddFS is of excelize's interface, which never calls it.
func (a *archive) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the files: the list of content types first, as readers expect,
// then by name.
func (a *archive) Close() error {
	names := make([]string, 0, len(a.files))
	for name := range a.files {
		names = append(names, name)
	}
	const first = "[Content_Types].xml"
	slices.SortFunc(names, func(x, y string) int {
		if (x == first) != (y == first) {
			if x == first {
				return -1
			}
			return 1
		}
		return strings.Compare(x, y)
	})
	z := zip.NewWriter(a.to)
	for _, name := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.made})
		if err != nil {
			return err
		}
		data := a.files[name].Bytes()
		if name == first {
			data = sortedTypes(data)
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return z.Close()
}

// excelize lists the endings of pictures in the order of a map.
var defaultType = regexp.MustCompile(`<Default [^>]*></Default>`)

// sortedTypes puts a list of content types into one order.
func sortedTypes(list []byte) []byte {
	all := defaultType.FindAll(list, -1)
	slices.SortFunc(all, bytes.Compare)
	all = slices.CompactFunc(all, bytes.Equal)
	next := 0
	return defaultType.ReplaceAllFunc(list, func([]byte) []byte {
		if next++; next > len(all) {
			return nil
		}
		return all[next-1]
	})
}
