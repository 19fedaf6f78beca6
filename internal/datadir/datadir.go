// Package datadir prepares a program's folder of data, and refuses one that
// others could change, in which they could read secrets, or where a name stands
// for a file elsewhere. Each refusal ends with the command that mends it.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// secrets are the names of files that nobody but their owner may read.
var secrets = []string{"*.key", "*.keys", "*.token", "*.pin", "enrolment.json", "first-link"}

// deep is how many folders below the data folder are looked into: what the
// message server keeps further down has thousands of files of its own making.
const deep = 1

// Prepare makes the folder where it is missing, for its owner alone, and checks
// what is in it. From then on the process makes no file that others may read.
func Prepare(dir string) error {
	unix.Umask(0o077)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w; try another --data", err)
	}
	dir, err := filepath.EvalSymlinks(dir) // the folder itself may be on another disk
	if err != nil {
		return fmt.Errorf("data folder: %w; try another --data", err)
	}
	return look(dir, 0)
}

// look checks a folder and what is in it.
func look(dir string, depth int) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("data folder: %w; try chown or chmod 700 on it", err)
	}
	faults := []error{check(dir, info)}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrPermission) && depth > 0 {
		return errors.Join(faults...) // such as lost+found, which is not ours
	}
	if err != nil {
		return fmt.Errorf("data folder: %w; try chown or chmod 700 on it", err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := e.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist): // deleted meanwhile
		case err != nil:
			faults = append(faults, fmt.Errorf("data folder: %w", err))
		case info.IsDir() && depth < deep:
			faults = append(faults, look(path, depth+1))
		default:
			faults = append(faults, check(path, info))
		}
	}
	return errors.Join(faults...)
}

// check judges one file or folder.
func check(path string, info fs.FileInfo) error {
	mode := info.Mode()
	switch {
	case mode&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link: whoever made it could have this program read or write another file. Try: rm %s, and put the file itself there", path, quoted(path))
	case !mode.IsRegular() && !mode.IsDir():
		return fmt.Errorf("%s is neither a file nor a folder. Try: rm %s", path, quoted(path))
	case mode.Perm()&0o022 != 0:
		return fmt.Errorf("%s can be changed by others (mode %04o). Try: chmod go-w %s", path, mode.Perm(), quoted(path))
	case mode.IsRegular() && mode.Perm()&0o077 != 0 && isSecret(info.Name()):
		return fmt.Errorf("%s can be read by others (mode %04o). Try: chmod 600 %s", path, mode.Perm(), quoted(path))
	}
	return nil
}

func isSecret(name string) bool {
	for _, pattern := range secrets {
		if ok, _ := filepath.Match(pattern, name); ok { // the patterns are right
			return true
		}
	}
	return false
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,@%", r))
	}) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// KeyFile checks a private key that the operator keeps elsewhere, such as a web
// server's: a group may read it, as Debian's ssl-cert does; nobody else may, and
// nobody else may change it.
func KeyFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("private key: %w; try another path, or chown that file", err)
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return fmt.Errorf("the private key %s can be used by others (mode %04o). Try: chmod 600 %s", path, mode, quoted(path))
	}
	return nil
}

// Write puts a file in the place of what was there, for its owner alone; a
// power cut leaves the one or the other, whole.
func Write(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".new*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
