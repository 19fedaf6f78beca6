package chaos

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"path/filepath"

	"hailong/internal/datadir"
	"hailong/internal/enrolment"
	"hailong/internal/outbox"
)

// enrol gives a kiosk its credential, as a server does that lets it in.
func (w *world) enrol(d *device) {
	w.t.Helper()
	key, err := outbox.LoadKey(filepath.Join(d.data, "kiosk.key"))
	if err != nil {
		w.t.Fatal(err)
	}
	told, err := json.Marshal(&enrolment.Credential{JWT: w.credential(key)})
	if err == nil {
		err = datadir.Write(filepath.Join(d.data, "enrolment.json"), told)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) credential(key ed25519.PrivateKey) string {
	w.t.Helper()
	token, err := w.realm.Realm.Kiosk(key.Public().(ed25519.PublicKey))
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// keyOf is a device's key as the subjects of NATS have it.
func keyOf(key ed25519.PrivateKey) string {
	return hex.EncodeToString(key.Public().(ed25519.PublicKey))
}
