package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"hailong/internal/datadir"
)

// pinFile holds the PIN of the staff's corner, in the folder of the data.
const pinFile = "staff.pin"

// pinCmd is `hailong-kiosk pin`.
type pinCmd struct{ place }

// Run prints the PIN, and makes one at first.
func (c *pinCmd) Run() error {
	pin, err := c.pin()
	if err == nil {
		fmt.Println(pin)
	}
	return err
}

var pinForm = regexp.MustCompile(`^[0-9]{6,12}$`)

// pin reads the PIN. Where there is none, or an empty file that a power cut left,
// six random digits become it.
func (p place) pin() (string, error) {
	if err := datadir.Prepare(p.Data); err != nil {
		return "", err
	}
	path := filepath.Join(p.Data, pinFile)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("PIN of the staff: %w; try chown or chmod 600 on that file", err)
	}
	pin := strings.TrimSpace(string(text))
	if pin == "" {
		return newPIN(path)
	}
	if !pinForm.MatchString(pin) {
		return "", fmt.Errorf("PIN of the staff: %s does not hold 6 to 12 digits; try to delete it: another one is made", path)
	}
	return pin, nil
}

func newPIN(path string) (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	pin := fmt.Sprintf("%06d", n)
	if err := os.WriteFile(path, []byte(pin+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("make the PIN of the staff: %w; check that its folder is writable", err)
	}
	return pin, nil
}
