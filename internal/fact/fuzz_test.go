package fact_test

import (
	"bytes"
	"errors"
	"testing"

	"hailong/internal/fact"
)

// FuzzOpen: nothing that a network may bring makes Open panic, and what opens
// can be handed on: the facts byte for byte, under the signature that came.
func FuzzOpen(f *testing.F) {
	for n := 1; n <= 3; n++ {
		f.Add(newChain(byte(n)).grow(f, n).batch(f))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := fact.Open(data)
		if err != nil {
			if !errors.Is(err, fact.ErrEncoding) && !errors.Is(err, fact.ErrSignature) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		facts := make([][]byte, len(b.Records))
		for i, r := range b.Records {
			facts[i] = r.Bytes
			if r.Hash != fact.HashOf(r.Bytes) {
				t.Fatalf("record %d: hash", i)
			}
			if r.Fact != nil && (r.Fact.Number != r.Number || r.Fact.Prev != r.Prev || r.Fact.Origin != b.Origin) {
				t.Fatalf("record %d: %+v", i, r)
			}
		}
		again, err := fact.EncodeBatch(b.Public, b.Salt, facts, b.Signature)
		if err != nil {
			t.Fatal(err)
		}
		c, err := fact.Open(again)
		if err != nil || c.Origin != b.Origin || c.Signature != b.Signature || len(c.Records) != len(b.Records) {
			t.Fatalf("handed on: %v", err)
		}
		for i, r := range c.Records {
			if !bytes.Equal(r.Bytes, facts[i]) || r.Hash != b.Records[i].Hash || r.Number != b.Records[i].Number {
				t.Fatalf("handed on: record %d", i)
			}
		}
	})
}

// FuzzDecode: no bytes make Decode panic, and what it reads is written and read
// again as the same.
func FuzzDecode(f *testing.F) {
	for _, raw := range newChain(7).grow(f, 2).facts {
		f.Add(raw)
	}
	if body, err := fact.Marshal(closing()); err == nil {
		raw, err := (&fact.Fact{Version: fact.Version, Number: 1, Kind: fact.KindClosing, Body: body}).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := fact.Decode(data)
		if prev, errPrev := fact.DecodePrev(data); err == nil && (errPrev != nil || prev != got.Prev) {
			t.Fatalf("hash before: %v %v", prev, errPrev)
		}
		if err != nil {
			if !errors.Is(err, fact.ErrEncoding) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		raw, err := got.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := fact.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		second, err := again.Encode()
		if err != nil || !bytes.Equal(raw, second) {
			t.Fatalf("written twice: %v", err)
		}
	})
}
