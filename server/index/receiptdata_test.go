package index

import (
	"bytes"
	"context"
	"reflect"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// What is held about a receipt: its registration, each sitting with its way and,
// where a clock can be believed, its day, and how long words are kept; an erased
// comment is told to be erased, one past its time is not held.
func TestReceiptData(t *testing.T) {
	f := deskFixture(t)
	const ballot = 7
	hash := bytes.Repeat([]byte{3}, 32)
	milli := func(d survey.Day) int64 { return d.Start().Add(9 * time.Hour).UnixMilli() }
	f.write(row(`INSERT INTO origin(oid, id, public, salt, role, head_hash) VALUES (1, x'01', x'', x'', 1, x''), (2, x'02', x'', x'', 2, x'')`),
		row(`INSERT INTO ballot(id, key, kind, unit, desk, service, field, received, due, last, fact, at) VALUES (?, x'00', 1, 1, 5, 1, 'HTCT', ?, ?, ?, ?, ?)`,
			ballot, milli(today-20), milli(today-10), milli(today-9), 1<<40|5, milli(today-8)),
		row(`INSERT INTO receipt(hash, fact, ballot) VALUES (?, 1, ?), (x'aa', 2, ?)`, hash, ballot, ballot))
	rate := func(id int64, session byte, channel survey.Channel, receipt []byte, wall int64) {
		raw, err := fact.Marshal(&fact.Rating{Receipt: receipt, Sealed: []byte{1}, Session: bytes.Repeat([]byte{session}, 16), Nonce: make([]byte, 16), Score: 1, Channel: uint8(channel)})
		if err != nil {
			t.Fatal(err)
		}
		data, err := (&fact.Fact{Version: fact.Version, Number: 1, Wall: wall, Kind: fact.KindRating, Body: raw}).Encode()
		if err != nil {
			t.Fatal(err)
		}
		f.write(row(insertFact, id, data), row(insertEntry, ballot, id))
	}
	rate(1<<40|2, 1, survey.ChannelKiosk, nil, milli(today-9))
	rate(1<<40|3, 1, survey.ChannelKiosk, nil, milli(today-9)) // the same sitting says more
	rate(1<<40|4, 2, survey.ChannelKiosk, hash, 0)             // a clock without battery
	rate(1<<40|5, 3, survey.ChannelKiosk, hash, 0)             // counted: its time was corrected
	rate(2<<40|1, 4, survey.ChannelPhone, hash, milli(today-1))
	write := func(id int64, purpose survey.Purpose, digest byte, at int64) {
		f.write(row(insertText, id, ballot, make([]byte, 16), purpose, bytes.Repeat([]byte{digest}, 32)), row(`UPDATE text SET at = ? WHERE fact = ?`, at, id), row(insertEntry, ballot, id))
	}
	write(1<<40|6, survey.PurposeComment, 1, milli(today-9))
	write(1<<40|7, survey.PurposeContact, 2, milli(today-9))
	f.write(row(`INSERT INTO erased(digest, fact, reason) VALUES (?, 1, 1)`, bytes.Repeat([]byte{2}, 32)))
	look := func() ReceiptData {
		t.Helper()
		d, ok, err := f.x.ReceiptData(context.Background(), [32]byte(hash))
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		return d
	}
	d := look()
	if !d.Dossier || d.Field != "HTCT" || d.Received != today-20 || d.Due != today-10 || d.LastEvent != today-9 || d.Receipts != 2 || d.Officer || d.Desk == "" || d.Unit == "" {
		t.Errorf("%+v", d)
	}
	want := []Given{{today - 9, survey.ChannelKiosk, survey.BindingDossier}, {0, survey.ChannelKiosk, survey.BindingReceipt},
		{today - 8, survey.ChannelKiosk, survey.BindingReceipt}, {today - 1, survey.ChannelPhone, survey.BindingReceipt}}
	if !reflect.DeepEqual(d.Ratings, want) {
		t.Errorf("ratings %+v", d.Ratings)
	}
	if d.Comment != (Kept{Held: true, Until: today - 9 + 365}) || d.Contact != (Kept{Erased: true}) {
		t.Errorf("%+v %+v", d.Comment, d.Contact)
	}
	f.write(row(insertSetting, survey.KeptComments.Setting, "8"))
	if d := look(); d.Comment.Held {
		t.Error("a comment past its time is held", d.Comment)
	}
	if comments, contacts, err := f.x.Keeps(context.Background()); comments != 8 || contacts != survey.KeptContacts.Days || err != nil {
		t.Error(comments, contacts, err)
	}
	if _, ok, err := f.x.ReceiptData(context.Background(), [32]byte{9}); ok || err != nil {
		t.Error("an unknown receipt", ok, err)
	}
}
