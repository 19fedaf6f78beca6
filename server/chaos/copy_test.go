package chaos

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// database is a SQLite file with what belongs to it.
func database(path string) []string { return []string{path, path + "-wal", path + "-shm"} }

// keep copies a database of a device that is down, and gives the copy's folder.
func (w *world) keep(d *device, name string) string {
	w.t.Helper()
	w.copies++
	dir := filepath.Join(w.dir, "copies", fmt.Sprintf("%d-%s", w.copies, d.name))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.copy(filepath.Join(d.data, name), filepath.Join(dir, name))
	return dir
}

// putBack replaces a database of a device that is down by a copy.
func (w *world) putBack(d *device, dir, name string) {
	w.t.Helper()
	w.copy(filepath.Join(dir, name), filepath.Join(d.data, name))
}

func (w *world) copy(from, to string) {
	w.t.Helper()
	for i, source := range database(from) {
		target := database(to)[i]
		if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.t.Fatal(err)
		}
		b, err := os.ReadFile(source)
		if errors.Is(err, fs.ErrNotExist) && i > 0 {
			continue
		}
		if err == nil {
			err = os.WriteFile(target, b, 0o600)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}
