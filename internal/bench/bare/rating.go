package main

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"
)

// rating is a record of some 280 bytes as JSON, with a time-ordered id.
type rating struct {
	ID      [16]byte `json:"-" cbor:"1,keyasint"`
	Text    string   `json:"id" cbor:"-"` // the id in hexadecimal digits
	Kiosk   string   `json:"kiosk" cbor:"2,keyasint"`
	Unit    int      `json:"unit" cbor:"3,keyasint"`
	Service string   `json:"service" cbor:"4,keyasint"`
	Score   int      `json:"score" cbor:"5,keyasint"`
	At      int64    `json:"at" cbor:"6,keyasint"` // Unix milliseconds
	Zone    int      `json:"zone" cbor:"7,keyasint"`
	Lang    string   `json:"lang" cbor:"8,keyasint"`
	Reasons string   `json:"reasons" cbor:"9,keyasint"`
	Comment string   `json:"comment" cbor:"10,keyasint"`
	Number  int      `json:"number" cbor:"11,keyasint"`
}

const (
	yearStart = 1_735_689_600_000 // 2025-01-01
	step      = 31_536            // a million of these are a year, in milliseconds
	dayMS     = 86_400_000
)

// makeRating gives the i-th rating: 500 units in no order, times over a year.
func makeRating(i int) rating {
	r := rating{
		Kiosk: fmt.Sprintf("kiosk-%04d", i%700), Service: "hành chính công", Zone: 420, Lang: "vi-VN",
		At: yearStart + int64(i)*step%(365*dayMS), Number: i,
		Reasons: "nhanh,rõ ràng,thái độ", Comment: "Cán bộ hướng dẫn rõ ràng, trả kết quả sớm hơn hẹn.",
	}
	h := uint64(i)*0x9e3779b97f4a7c15 + 0x632be59bd9b4e019
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	r.Unit, r.Score = int(h%500)+1, int(h>>40%5)+1
	rand.Read(r.ID[:]) // never fails
	binary.BigEndian.PutUint64(r.ID[:8], uint64(time.Now().UnixNano()))
	r.Text = fmt.Sprintf("%x", r.ID)
	return r
}

// columns are those of the table, in order.
const (
	columnCount = 10
	insertInto  = `INSERT INTO rating(key, kiosk, unit, service, score, at, zone, lang, reasons, comment) VALUES `
	unlessThere = ` ON CONFLICT(key) DO NOTHING`
	oneRow      = `(?,?,?,?,?,?,?,?,?,?)`
)

func (r *rating) values(to []any) []any {
	return append(to, r.ID[:], r.Kiosk, r.Unit, r.Service, r.Score, r.At, r.Zone, r.Lang, r.Reasons, r.Comment)
}
