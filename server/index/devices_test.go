package index

import (
	"bytes"
	"context"
	"testing"
)

// Each key is a device of the kiosk that it was let in as last; a kiosk without
// any, and one whose desk is gone, are listed too.
func TestKiosksWithDevices(t *testing.T) {
	f := deskFixture(t)
	key := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	f.write(row(`INSERT INTO kiosk VALUES ('K2', 'D1', 'Máy 2'), ('K3', 'gone', 'Máy 3')`),
		row(`INSERT INTO admission VALUES (?, 10, 'K1'), (?, 20, 'K2'), (?, 15, 'K1'), (?, 30, 'K9')`, key(1), key(1), key(2), key(3)),
		row(`INSERT INTO admission VALUES (?, 16, 'K1')`, key(4)), row(`INSERT INTO revocation VALUES (?, 40)`, key(2)),
		row(`INSERT INTO origin (oid, id, public, salt, role, name, head, head_hash, applied, seen) VALUES (1, x'01', ?, x'02', 1, 'K1', 1, x'03', 1, ?), (2, x'04', ?, x'05', 1, 'K1', 1, x'03', 1, ?)`,
			key(2), noon().UnixMilli()-7000, key(2), noon().UnixMilli()))
	all, err := f.x.Kiosks(context.Background())
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	for i, want := range []struct {
		code    string
		devices [][]byte
	}{{"K1", [][]byte{key(4), key(2)}}, {"K2", [][]byte{key(1)}}, {"K3", nil}} {
		k := all[i]
		if k.Code != want.code || len(k.Devices) != len(want.devices) {
			t.Errorf("%d: %+v", i, k)
			continue
		}
		for j, d := range k.Devices {
			if !bytes.Equal(d.Public, want.devices[j]) {
				t.Errorf("%s has device %x", k.Code, d.Public[:1])
			}
		}
	}
	if d := all[0].Devices; !d[1].Revoked || d[0].Revoked || !d[1].Seen.Equal(noon()) || !d[0].Seen.IsZero() {
		t.Errorf("K1: %+v", d)
	}
	if all[0].DeskName == "" || all[0].UnitName == "" || all[2].DeskName != "" || all[2].Desk != "gone" {
		t.Errorf("places: %+v", all)
	}
}
