package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// The first lines of a key file. The first version has two keys after it: that
// of keyed hashes, and the secret of one pair. The second has lines of a word and
// a key in base64, the newest first: mac; pair, with the Unix second from which
// on it is sealed to; rest.
const (
	head1 = "hailong-keys-1"
	head2 = "hailong-keys-2"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// Open reads the key file, or makes it where make is set and there is none:
// only a server's very first start may, since another key would no longer
// recognise a dossier.
func Open(path string, make bool) (*Ring, error) {
	r, err := read(path)
	if errors.Is(err, fs.ErrNotExist) && make {
		if r, err = New(); err == nil {
			err = r.write(path)
		}
		return r, err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the servers' key file %s is missing; this server has data that was made with it: put the file back from where you keep it apart from backups (every server of the province has the same file)", path)
	}
	return r, err
}

// read gives fs.ErrNotExist where there is no file.
func read(path string) (*Ring, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the servers' key file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the servers' key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the servers' key file %s can be read by others; try: chmod 600 %s", path, path)
	}
	return parse(path, data)
}

func parse(path string, data []byte) (*Ring, error) {
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	version := string(bytes.TrimSpace(lines[0]))
	if version == head1 && len(lines) == 3 {
		lines[1], lines[2] = append([]byte("mac "), lines[1]...), append(append([]byte("pair "), lines[2]...), " 0"...)
		version = head2
	}
	if version != head2 || len(lines) < 3 {
		return nil, fmt.Errorf("%s is not a key file of Hài Lòng (%s); put the right file back", path, head2)
	}
	r, macs := &Ring{}, 0
	for i, line := range lines[1:] {
		damaged := fmt.Errorf("%s is damaged in line %d; put the right file back", path, i+2)
		words := bytes.Fields(line)
		if len(words) < 2 {
			return nil, damaged
		}
		key, err := base64.StdEncoding.DecodeString(string(words[1]))
		if err != nil || len(key) != 32 {
			return nil, damaged
		}
		switch {
		case string(words[0]) == "mac" && len(words) == 2 && i == 0:
			r.mac, macs = [32]byte(key), macs+1
		case string(words[0]) == "pair" && len(words) == 3:
			from, err := strconv.ParseInt(string(words[2]), 10, 64)
			if err != nil {
				return nil, damaged
			}
			p, err := newPair([32]byte(key), from)
			if err != nil {
				return nil, err
			}
			r.pairs = append(r.pairs, p)
		case string(words[0]) == "rest" && len(words) == 2:
			r.rest = append(r.rest, newRest([32]byte(key)))
		default:
			return nil, damaged
		}
	}
	if macs != 1 || len(r.pairs) == 0 {
		return nil, fmt.Errorf("%s is damaged: a key is missing; put the right file back", path)
	}
	return r, nil
}

// text is the file as write writes it.
func (r *Ring) text() []byte {
	e := base64.StdEncoding
	b := fmt.Appendf(nil, "%s\nmac %s\n", head2, e.EncodeToString(r.mac[:]))
	for _, p := range r.pairs {
		b = fmt.Appendf(b, "pair %s %d\n", e.EncodeToString(p.secret[:]), p.from)
	}
	for _, k := range r.rest {
		b = fmt.Appendf(b, "rest %s\n", e.EncodeToString(k.key[:]))
	}
	return b
}

// write puts the file in place whole, for its owner alone, and on the disk before
// anything is hashed or sealed with it: a lost key loses every binding.
func (r *Ring) write(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the servers' key file: %w", err)
		}
	}()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// What a broken attempt left may have another mode.
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(r.text())
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
