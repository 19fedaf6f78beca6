package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Token lets the operator in, who can read the file in the server's data folder.
// The zero Token lets nobody.
type Token struct {
	set  bool
	hash [32]byte
}

// NewToken is the token of that text; "" is the zero Token.
func NewToken(text string) Token {
	return Token{set: text != "", hash: sha256.Sum256([]byte(text))}
}

// LoadToken reads the token's file, or makes it with a random token, readable by
// its owner alone.
func LoadToken(path string) (Token, error) {
	text, err := ReadToken(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeToken(path)
	}
	return NewToken(text), err
}

// ReadToken reads the text of a token's file. Errors are for operators.
func ReadToken(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the operator token: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read the operator token: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("the operator token %s can be read by others; try: chmod 600 %s", path, path)
	}
	text := strings.TrimSpace(string(data))
	if len(text) < 32 {
		return "", fmt.Errorf("the operator token %s is shorter than 32 characters; try: delete it, and the server makes another when it starts", path)
	}
	return text, nil
}

func makeToken(path string) (string, error) {
	var b [32]byte
	rand.Read(b[:]) // never fails
	text := hex.EncodeToString(b[:])
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text + "\n")
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return "", fmt.Errorf("make the operator token: %w", err)
	}
	return text, nil
}

// Is says whether a text is the token. Hashes are compared, in constant time, so
// that neither length nor beginning leaks.
func (t Token) Is(text string) bool {
	hash := sha256.Sum256([]byte(text))
	return t.set && subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1
}
