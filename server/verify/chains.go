package verify

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"hailong/internal/fact"
)

// chains verifies every origin's chain: that each fact is the one that the next
// names, none is missing, and the device signed the last.
func (v *verifier) chains() error {
	if err := v.loadOrigins(); err != nil {
		return err
	}
	total, done := uint64(0), uint64(0)
	for _, o := range v.origins {
		total += o.head - min(o.head, o.given.Number)
	}
	var first error
	for _, o := range v.origins {
		line, err := v.chain(o, func(n uint64) { v.o.Progress("chains", done+n, total) })
		var b *Break
		switch {
		case errors.As(err, &b):
			line = "BROKEN: " + b.Text
			if first == nil {
				first = err
			}
		case err != nil:
			return err
		}
		done += o.head - min(o.head, o.given.Number)
		if err := v.say("%s: %s", o, line); err != nil {
			return err
		}
	}
	return first
}

func (v *verifier) loadOrigins() error {
	v.byID = map[fact.OriginID]*origin{}
	err := v.each(func(scan func(...any) error) error {
		o := &origin{}
		var id, salt, hash []byte
		var head, applied int64
		if err := scan(&o.oid, &id, &o.public, &salt, &o.role, &o.name, &head, &hash, &applied); err != nil {
			return err
		}
		if len(id) != len(o.id) || len(salt) != len(o.salt) || len(hash) != len(o.headHash) || head < 0 || applied < 0 {
			return broken("the database's row of origin %x is damaged", id)
		}
		o.id, o.salt, o.headHash, o.head, o.applied = fact.OriginID(id), [16]byte(salt), fact.Hash(hash), uint64(head), uint64(applied)
		v.origins, v.byID[o.id] = append(v.origins, o), o
		return nil
	}, `SELECT oid, id, public, salt, role, name, head, head_hash, applied FROM origin ORDER BY role DESC, name, id`)
	if err != nil || v.o.Since.IsZero() {
		return err
	}
	return v.loadGiven()
}

// loadGiven finds what checkpoints before Since say of each origin.
func (v *verifier) loadGiven() error {
	return v.each(func(scan func(...any) error) error {
		var raw []byte
		if err := scan(&raw); err != nil {
			return err
		}
		c, err := checkpointOf(raw)
		if err != nil {
			return nil // its chain is broken there, which is told
		}
		for _, h := range c.Holds {
			if o := v.byID[h.Origin]; o != nil && h.Number <= o.head && h.Number > o.given.Number {
				o.given = h
			}
		}
		return nil
	}, `SELECT f.bytes FROM checkpoint c JOIN fact f ON f.id = c.fact WHERE c.at < ?`, v.o.Since.UnixMilli())
}

func checkpointOf(raw []byte) (*fact.Checkpoint, error) {
	f, err := fact.Decode(raw)
	if err != nil {
		return nil, err
	}
	c := &fact.Checkpoint{}
	return c, fact.Unmarshal(f.Body, c)
}

// chain verifies one origin, and says what holds. It goes from the signed end
// back, so that the first fact that differs is the one that was changed.
func (v *verifier) chain(o *origin, progress func(uint64)) (line string, err error) {
	if len(o.public) != ed25519.PublicKeySize || fact.NewOriginID(o.public, o.salt) != o.id {
		return "", broken("the key of %s is not the one that its id is made of", o)
	}
	signatures, err := v.seals(o)
	if err != nil {
		return "", err
	}
	want, n := o.headHash, o.head
	err = v.each(func(scan func(...any) error) error {
		var at int64
		var raw []byte
		if err := scan(&at, &raw); err != nil {
			return err
		}
		number := uint64(at & fact.MaxNumber)
		switch {
		case number > o.head:
			return broken("number %d of %s was put in behind its last, %d", number, o, o.head)
		case number != n:
			return broken("number %d of %s is missing from the database", n, o)
		case fact.HashOf(raw) != want:
			return broken("number %d of %s is not the fact that its device signed", n, o)
		}
		prev, err := fact.DecodePrev(raw)
		if err != nil {
			return broken("number %d of %s does not name the fact before it", n, o)
		}
		if f, err := fact.Decode(raw); err == nil && (f.Origin != o.id || f.Number != n) {
			return broken("number %d of %s is another's fact, number %d of %s", n, o, f.Number, f.Origin)
		}
		want, n = prev, n-1
		if (o.head-n)%4096 == 0 {
			progress(o.head - n)
		}
		return nil
	}, `SELECT id, bytes FROM fact WHERE id > ?1 AND id <= ?2 ORDER BY id DESC`, id(o.oid, o.given.Number), id(o.oid, fact.MaxNumber))
	switch {
	case err != nil:
		return "", err
	case n > o.given.Number:
		return "", broken("number %d of %s is missing from the database", n, o)
	case want != o.given.Hash: // the zero hash before number 1
		return "", broken("number %d of %s does not follow what the checkpoint says of number %d", n+1, o, n)
	}
	aside, err := v.aside(o)
	if err != nil {
		return "", err
	}
	line = fmt.Sprintf("1 to %d hold", o.head)
	switch {
	case o.head == 0:
		line = "nothing of its chain is here"
	case o.given.Number > 0:
		line = fmt.Sprintf("%d to %d hold, on from a checkpoint", o.given.Number+1, o.head)
	}
	line += fmt.Sprintf(", %d signatures, in effect up to %d", signatures, o.applied)
	return line + aside, nil
}

// seals verifies an origin's signatures, and that one is over its last fact.
func (v *verifier) seals(o *origin) (n int, err error) {
	atHead := o.head == 0 || o.head == o.given.Number && o.headHash == o.given.Hash
	err = v.each(func(scan func(...any) error) error {
		var number int64
		var hash, signature, raw []byte
		if err := scan(&number, &hash, &signature, &raw); err != nil {
			return err
		}
		if len(hash) != len(fact.Hash{}) || len(signature) != ed25519.SignatureSize || !signedBy(o, uint64(number), fact.Hash(hash), signature) {
			return broken("the signature over number %d of %s is not its device's", number, o)
		}
		n++
		if uint64(number) == o.head && fact.Hash(hash) == o.headHash {
			atHead = true
		}
		if raw != nil && fact.HashOf(raw) == fact.Hash(hash) {
			return nil
		}
		var known int
		if ok, err := v.one([]any{&known}, `SELECT 1 FROM aside WHERE oid = ? AND number = ? AND hash = ?`, o.oid, number, hash); err != nil || ok {
			return err
		}
		if raw == nil {
			return broken("number %d of %s, which its device signed, is missing from the database", number, o)
		}
		return broken("number %d of %s is not the fact that its device signed", number, o)
	}, `SELECT s.number, s.hash, s.signature, f.bytes FROM seal s LEFT JOIN fact f ON f.id = s.oid << 40 | s.number WHERE s.oid = ? AND s.number > ? ORDER BY s.number DESC`,
		o.oid, int64(o.given.Number))
	if err == nil && !atHead {
		err = broken("there is no signature over the last fact of %s, number %d", o, o.head)
	}
	return n, err
}

func signedBy(o *origin, number uint64, hash fact.Hash, signature []byte) bool {
	return fact.VerifyHead(o.public, o.id, number, hash, [64]byte(signature))
}

// aside verifies what waits or lost a fork, and says how much there is.
func (v *verifier) aside(o *origin) (line string, err error) {
	waits, lost, from := 0, 0, uint64(0)
	err = v.each(func(scan func(...any) error) error {
		var number int64
		var hash, prev, raw []byte
		if err := scan(&number, &hash, &prev, &raw); err != nil {
			return err
		}
		got := fact.HashOf(raw)
		before, err := fact.DecodePrev(raw)
		if err != nil || string(got[:]) != string(hash) || string(before[:]) != string(prev) {
			return broken("number %d of %s, which is set aside, was changed", number, o)
		}
		if uint64(number) > o.head {
			if waits++; from == 0 {
				from = o.head + 1
			}
		} else {
			lost++
		}
		return nil
	}, `SELECT number, hash, prev, bytes FROM aside WHERE oid = ? ORDER BY number`, o.oid)
	if waits > 0 {
		line = fmt.Sprintf("; %d wait for number %d", waits, from)
	}
	if lost > 0 {
		line += fmt.Sprintf("; %d lost a fork", lost)
	}
	return line, err
}
