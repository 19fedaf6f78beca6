package enrol

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// nonceTime is how long a challenge may be answered.
const nonceTime = 2 * time.Minute

// nonceLength in bytes: the time, random bytes, and a tag over both. Servers keep
// nothing of it, so asking for any number costs them nothing, and each knows the
// others'.
const (
	nonceRandom = 8
	nonceTag    = 16
	nonceLength = 8 + nonceRandom + nonceTag
)

func newNonce(secret [32]byte, now time.Time) string {
	var b [nonceLength]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli()))
	rand.Read(b[8 : 8+nonceRandom]) // never fails
	copy(b[8+nonceRandom:], tag(secret, b[:8+nonceRandom]))
	return hex.EncodeToString(b[:])
}

// checkNonce says whether a server of ours gave the nonce less than two minutes
// ago. Their clocks may be that far apart.
func checkNonce(secret [32]byte, nonce string, now time.Time) bool {
	b, err := hex.DecodeString(nonce)
	if err != nil || len(b) != nonceLength || !hmac.Equal(b[8+nonceRandom:], tag(secret, b[:8+nonceRandom])) {
		return false
	}
	age := now.Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]))))
	return age <= nonceTime && age >= -nonceTime
}

func tag(secret [32]byte, b []byte) []byte {
	m := hmac.New(sha256.New, secret[:])
	m.Write(b)
	return m.Sum(nil)[:nonceTag]
}
