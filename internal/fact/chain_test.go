package fact_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"hailong/internal/fact"
)

// A chain is an origin under construction; each of its facts is a setting.
type chain struct {
	key    ed25519.PrivateKey
	salt   [16]byte
	id     fact.OriginID
	facts  [][]byte
	hashes []fact.Hash
}

func newChain(seed byte) *chain {
	c := &chain{key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32)), salt: [16]byte{seed}}
	c.id = fact.NewOriginID(c.public(), c.salt)
	return c
}

func (c *chain) public() ed25519.PublicKey { return c.key.Public().(ed25519.PublicKey) }

// next is what the chain's next fact should be, for tests to spoil.
func (c *chain) next(t testing.TB) fact.Fact {
	t.Helper()
	body, err := fact.Marshal(&fact.Setting{Key: "k", Value: fmt.Sprint(len(c.facts))})
	if err != nil {
		t.Fatal(err)
	}
	f := fact.Fact{Version: fact.Version, Origin: c.id, Number: uint64(len(c.facts)) + 1, Kind: fact.KindSetting, Body: body}
	if len(c.hashes) > 0 {
		f.Prev = c.hashes[len(c.hashes)-1]
	}
	f.SetStamp(fact.Stamp{Wall: 1_790_000_000_000, Boot: [16]byte{1, 2}, Mono: 5})
	return f
}

func (c *chain) add(t testing.TB, f fact.Fact) {
	t.Helper()
	raw, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	c.facts, c.hashes = append(c.facts, raw), append(c.hashes, fact.HashOf(raw))
}

func (c *chain) grow(t testing.TB, n int) *chain {
	t.Helper()
	for range n {
		c.add(t, c.next(t))
	}
	return c
}

// pack signs facts of the chain as the ones up to a number.
func (c *chain) pack(t testing.TB, facts [][]byte, number uint64) []byte {
	t.Helper()
	var last fact.Hash
	if len(facts) > 0 {
		last = fact.HashOf(facts[len(facts)-1])
	}
	b, err := fact.EncodeBatch(c.public(), c.salt, facts, fact.SignHead(c.key, c.id, number, last))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (c *chain) batch(t testing.TB) []byte {
	t.Helper()
	return c.pack(t, c.facts, uint64(len(c.facts)))
}

func TestEncodeDecode(t *testing.T) {
	c := newChain(1).grow(t, 2)
	f := c.next(t)
	raw, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := fact.Decode(raw)
	if err != nil || !reflect.DeepEqual(got, f) {
		t.Fatalf("%+v, %v; want %+v", got, err, f)
	}
	if got.Stamp() != f.Stamp() || got.Stamp().Mono != 5 {
		t.Error(got.Stamp())
	}
	if prev, err := fact.DecodePrev(raw); err != nil || prev != c.hashes[1] {
		t.Errorf("hash before: %v %v", prev, err)
	}
	if o, err := fact.ParseOriginID(c.id.String()); err != nil || o != c.id {
		t.Errorf("origin: %v %v", o, err)
	}
	for _, s := range []string{"", "00", c.id.String() + "00", "zz" + c.id.String()[2:]} {
		if _, err := fact.ParseOriginID(s); err == nil {
			t.Errorf("%q is taken for an origin", s)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	c := newChain(1).grow(t, 1)
	whole := c.facts[0]
	later := c.next(t)
	later.Version++
	raw, err := later.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"nothing":        nil,
		"garbage":        []byte("giấy hẹn"),
		"half":           whole[:len(whole)/2],
		"more behind it": append(bytes.Clone(whole), 0),
		"too few fields": {0x83, 1, 2, 3},
		"another type":   {0xa0},
		"without length": {0x9f, 1, 0xff},
		"tagged":         append([]byte{0xc1}, whole...),
		"a later format": raw,
	} {
		if _, err := fact.Decode(data); !errors.Is(err, fact.ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOpen: what is opened is what was packed, with the chain's hashes, from
// the first fact or from any later one.
func TestOpen(t *testing.T) {
	c := newChain(2).grow(t, 5)
	for first := range c.facts {
		data := c.pack(t, c.facts[first:], 5)
		b, err := fact.Open(data)
		if err != nil {
			t.Fatalf("from number %d: %v", first+1, err)
		}
		if b.Origin != c.id || !b.Public.Equal(c.public()) || b.Salt != c.salt || len(b.Records) != 5-first || b.Last().Number != 5 {
			t.Fatalf("from number %d: %+v", first+1, b)
		}
		for i, r := range b.Records {
			n := first + i
			var before fact.Hash
			if n > 0 {
				before = c.hashes[n-1]
			}
			if r.Number != uint64(n+1) || r.Hash != c.hashes[n] || r.Prev != before || !bytes.Equal(r.Bytes, c.facts[n]) || r.Fact == nil {
				t.Fatalf("record %d: %+v", n+1, r)
			}
		}
		again, err := fact.EncodeBatch(b.Public, b.Salt, c.facts[first:], b.Signature)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("handed on with the stored signature: %v", err)
		}
	}
}

// TestAnyBitCounts: there is no bit of a batch that may be another one.
func TestAnyBitCounts(t *testing.T) {
	data := newChain(3).grow(t, 2).batch(t)
	for i := range data {
		for bit := range 8 {
			spoilt := bytes.Clone(data)
			spoilt[i] ^= 1 << bit
			if _, err := fact.Open(spoilt); !errors.Is(err, fact.ErrEncoding) && !errors.Is(err, fact.ErrSignature) {
				t.Fatalf("byte %d of %d, bit %d: %v", i, len(data), bit, err)
			}
		}
	}
	for n := range data {
		if _, err := fact.Open(data[:n]); err == nil {
			t.Fatalf("%d bytes of %d opened", n, len(data))
		}
	}
	if _, err := fact.Open(append(bytes.Clone(data), 0)); err == nil {
		t.Fatal("a byte more opened")
	}
}

// TestOpenRefuses: a key signs for its own origin, and for whole chains only.
func TestOpenRefuses(t *testing.T) {
	ours, theirs := newChain(4).grow(t, 3), newChain(5).grow(t, 3)
	spoil := func(number int, change func(f *fact.Fact)) []byte {
		c := newChain(4)
		for n := 1; n <= 3; n++ {
			f := c.next(t)
			if n == number {
				change(&f)
			}
			c.add(t, f)
		}
		return c.batch(t)
	}
	number := func(n uint64) []byte {
		c := newChain(4)
		f := c.next(t)
		f.Number, f.Prev = n, fact.Hash{1}
		c.add(t, f)
		return c.pack(t, c.facts, n)
	}
	many := newChain(4).grow(t, fact.MaxBatch+1)
	unsigned, err := fact.EncodeBatch(ours.public(), ours.salt, ours.facts, [64]byte{})
	if err != nil {
		t.Fatal(err)
	}
	otherSalt, err := fact.EncodeBatch(ours.public(), theirs.salt, ours.facts, fact.SignHead(ours.key, ours.id, 3, ours.hashes[2]))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"facts of another origin":        {ours.pack(t, theirs.facts, 3), fact.ErrSignature},
		"one fact of another origin":     {spoil(2, func(f *fact.Fact) { f.Origin = theirs.id }), fact.ErrSignature},
		"another salt":                   {otherSalt, fact.ErrSignature},
		"no signature":                   {unsigned, fact.ErrSignature},
		"signed as a lower number":       {ours.pack(t, ours.facts, 2), fact.ErrSignature},
		"signature of a shorter run":     {shortened(t, ours), fact.ErrSignature},
		"a hash that is not the one":     {spoil(2, func(f *fact.Fact) { f.Prev[0] ^= 1 }), fact.ErrSignature},
		"a number left out":              {spoil(3, func(f *fact.Fact) { f.Number++ }), fact.ErrSignature},
		"a number twice":                 {spoil(3, func(f *fact.Fact) { f.Number-- }), fact.ErrSignature},
		"backwards":                      {ours.pack(t, [][]byte{ours.facts[2], ours.facts[1]}, 2), fact.ErrSignature},
		"number 1 with one before":       {spoil(1, func(f *fact.Fact) { f.Prev[0] = 1 }), fact.ErrSignature},
		"number 2 without one before":    {pairWithout(t), fact.ErrSignature},
		"number 0":                       {number(0), fact.ErrSignature},
		"a number of more than 40 bits":  {number(fact.MaxNumber + 1), fact.ErrSignature},
		"the greatest number of 64 bits": {number(1<<64 - 1), fact.ErrSignature},
		"no facts":                       {ours.pack(t, nil, 0), fact.ErrEncoding},
		"too many facts":                 {many.batch(t), fact.ErrEncoding},
		"a fact that is none":            {ours.pack(t, [][]byte{[]byte("x")}, 1), fact.ErrEncoding},
		"a fact of three fields":         {ours.pack(t, [][]byte{{0x83, 1, 2, 3}}, 1), fact.ErrEncoding},
		"not CBOR":                       {[]byte("<html>Wi-Fi"), fact.ErrEncoding},
		"nothing":                        {nil, fact.ErrEncoding},
	} {
		if _, err := fact.Open(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, data := range map[string][]byte{"the greatest batch": many.pack(t, many.facts[:fact.MaxBatch], fact.MaxBatch), "the greatest number": number(fact.MaxNumber)} {
		if _, err := fact.Open(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// shortened has the signature of three facts over the first two.
func shortened(t *testing.T, c *chain) []byte {
	t.Helper()
	b, err := fact.EncodeBatch(c.public(), c.salt, c.facts[:2], fact.SignHead(c.key, c.id, 3, c.hashes[2]))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pairWithout is a second fact that claims to be the first of its chain.
func pairWithout(t *testing.T) []byte {
	t.Helper()
	c := newChain(4)
	f := c.next(t)
	f.Number = 2
	c.add(t, f)
	return c.pack(t, c.facts, 2)
}

// TestLaterVersion: an envelope of a version not known here is held, with its
// place in the chain, for a newer program to judge; so is one whose kind is not
// known, and that one can be read.
func TestLaterVersion(t *testing.T) {
	c := newChain(6).grow(t, 1)
	f := c.next(t)
	f.Version = 9
	c.add(t, f)
	type wider struct {
		_       struct{} `cbor:",toarray"`
		Version uint8
		Origin  fact.OriginID
		Number  uint64
		Prev    fact.Hash
		More    map[string]string
	}
	raw, err := fact.Marshal(&wider{Version: 10, Origin: c.id, Number: 3, Prev: c.hashes[1], More: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	c.facts, c.hashes = append(c.facts, raw), append(c.hashes, fact.HashOf(raw))
	f = c.next(t)
	f.Kind = 999
	c.add(t, f)
	b, err := fact.Open(c.batch(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, known := range []bool{true, false, false, true} {
		r := b.Records[i]
		if (r.Fact != nil) != known || r.Number != uint64(i+1) || r.Hash != c.hashes[i] {
			t.Errorf("record %d: %+v", i+1, r)
		}
		if prev, err := fact.DecodePrev(r.Bytes); err != nil || prev != r.Prev {
			t.Errorf("record %d: hash before: %v %v", i+1, prev, err)
		}
	}
}
