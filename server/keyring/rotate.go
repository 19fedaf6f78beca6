package keyring

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Rotate adds a new pair, sealed to from the given time on, and a new key for
// this server's words, and keeps all others. A server that runs has them after its
// next start. Where there are several servers, all must have the file before that
// time: one without it can't open what is sealed then.
func Rotate(path string, from time.Time) (*Ring, error) {
	r, err := read(path)
	if err != nil {
		return nil, err
	}
	p, err := newPair(random(), from.Unix())
	if err != nil {
		return nil, err
	}
	r.pairs = slices.Insert(r.pairs, 0, p)
	r.rest = slices.Insert(r.rest, 0, newRest(random()))
	return r, r.write(path)
}

// Prune removes keys under which no words lie on this server's disk any more:
// whatever was sealed with them, such as in old backups, nobody can read again.
// The newest is never removed, and the pairs stay: facts are sealed to them.
func Prune(path string, names []RestKey) error {
	r, err := read(path)
	if err != nil {
		return err
	}
	for _, name := range names {
		at := slices.IndexFunc(r.rest, func(k rest) bool { return k.name == name })
		if at <= 0 {
			return fmt.Errorf("%s has no older key %s to remove; it has: %s", path, name, strings.Join(r.RestKeys(), ", "))
		}
		r.rest = slices.Delete(r.rest, at, at+1)
	}
	return r.write(path)
}
