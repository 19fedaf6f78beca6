// Package receipt makes and reads receipt ids, what scanners send, QR codes and
// dossier codes, and derives ballots from them. It does no I/O.
//
// A receipt id is 80 random bits and nothing else: whoever holds the paper can
// rate, nobody can guess it, and it says nothing of the person or the dossier.
package receipt

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"hailong/internal/survey"
)

// ID is a receipt's or slip's random id.
type ID [10]byte

// alphabet is Crockford's base32, then the five further check symbols. His are
// "*~$=U"; QR's alphanumeric mode has none of "~" and "=", so ours differ.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" + "*$-.:"

// Digits is the number of characters before the check character.
const Digits = 16

// NewID draws an id from random, or from crypto/rand where that is nil.
func NewID(random io.Reader) (ID, error) {
	if random == nil {
		random = rand.Reader
	}
	var id ID
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return ID{}, fmt.Errorf("receipt: draw an id: %w", err)
	}
	return id, nil
}

// String gives the 16 characters and the check character.
func (id ID) String() string {
	var out [Digits + 1]byte
	var buffer, bits uint
	n, rest := 0, 0
	for _, b := range id {
		rest = (rest*256 + int(b)) % 37
		buffer, bits = buffer<<8|uint(b), bits+8
		for ; bits >= 5; n++ {
			bits -= 5
			out[n] = alphabet[buffer>>bits&31]
		}
	}
	out[Digits] = alphabet[rest]
	return string(out[:])
}

// Grouped is String in fours, for people to read and type. The groups are
// parted by spaces, since a hyphen may be the check character.
func (id ID) Grouped() string {
	s := id.String()
	return strings.Join([]string{s[:4], s[4:8], s[8:12], s[12:16], s[16:]}, " ")
}

// LogValue keeps ids, which let their holder rate, out of logs.
func (id ID) LogValue() slog.Value { return slog.StringValue("receipt id (not logged)") }

// Hash is what facts and servers hold in the id's stead:
// SHA-256("hailong/receipt\x00" + the 10 bytes). A slip's hash is its ballot.
func (id ID) Hash() [32]byte {
	return sha256.Sum256(append([]byte("hailong/receipt\x00"), id[:]...))
}

// ParseID reads an id as String or Grouped wrote it, or as a person typed it:
// in lower case, with I or L for 1 and O for 0, with spaces anywhere, and with
// hyphens before the last character (the last is always the check character).
// Anything else, and a check character that does not match, is
// survey.CodeBadReceiptID.
func ParseID(s string) (ID, error) {
	var values [Digits + 1]int
	n := 0
	if len(s) <= MaxScan {
		s = strings.ReplaceAll(strings.TrimSpace(s), " ", "")
		for i := 0; i < len(s); i++ {
			if s[i] == '-' && i < len(s)-1 {
				continue
			}
			v := value(s[i])
			if v < 0 || n > Digits || v > 31 && i < len(s)-1 {
				return ID{}, survey.New(survey.CodeBadReceiptID)
			}
			values[n] = v
			n++
		}
	}
	if n != Digits+1 {
		return ID{}, survey.New(survey.CodeBadReceiptID)
	}
	var id ID
	var buffer, bits uint
	at, rest := 0, 0
	for _, v := range values[:Digits] {
		buffer, bits = buffer<<5|uint(v), bits+5
		if bits >= 8 {
			bits -= 8
			id[at] = byte(buffer >> bits)
			rest = (rest*256 + int(id[at])) % 37
			at++
		}
	}
	if rest != values[Digits] {
		return ID{}, survey.New(survey.CodeBadReceiptID)
	}
	return id, nil
}

// value is the place of a character in the alphabet, or -1.
func value(c byte) int {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	switch c {
	case 'I', 'L':
		c = '1'
	case 'O':
		c = '0'
	}
	return strings.IndexByte(alphabet, c)
}
