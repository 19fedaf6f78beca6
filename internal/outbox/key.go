package outbox

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LoadKey reads a device's Ed25519 key: a file with the seed as 64 hexadecimal
// digits that nobody but its owner may read. Where there is none, one is made
// and synced to the disk before LoadKey returns. Every error says what to do.
func LoadKey(path string) (ed25519.PrivateKey, error) {
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeKey(path); err != nil {
		return nil, fmt.Errorf("make the device's key %s: %w: check that its folder exists and is writable", path, err)
	}
	return readKey(path)
}

func readKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("device's key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("device's key %s is not a file: move it away", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("device's key %s may be used by others (mode %04o): run: chmod 600 %s", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("device's key: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("device's key %s does not hold 64 hexadecimal digits: put back its copy; "+
			"without one, move it and the outbox away, and the device starts as a new one", path)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// makeKey writes the whole file before it gets its name, and never replaces one
// that another process made meanwhile.
func makeKey(path string) (err error) {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(hex.EncodeToString(seed) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncPath(dir)
}

// syncPath brings a file or folder to the disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
