package projection

import (
	"encoding/hex"

	"hailong/internal/fact"
)

// addAct puts an act into effect.
func (w *run) addAct(at, wall int64, a *fact.Act) error {
	w.texts = append(w.texts, wordsKept{digest: [32]byte(a.Digest)})
	return w.exec(`INSERT INTO act(fact, at, account, via, action, subject, facts, digest, size) VALUES (?,?,?,?,?,?,?,?,?)`,
		at, wall, append([]byte{}, a.By...), a.Via, a.Action, a.Subject, int64(a.Facts), a.Digest, int64(a.Size))
}

// writeAccount writes an account as its latest fact says; of none, it is gone.
func (w *run) writeAccount(key claimKey, latest *fact.Fact, at int64) error {
	w.accounts = true
	if latest == nil {
		id, err := hex.DecodeString(key.key)
		if err != nil {
			return err
		}
		return w.exec(`DELETE FROM account WHERE id = ?`, id)
	}
	var a fact.Account
	if err := fact.Unmarshal(latest.Body, &a); err != nil {
		return err
	}
	// Only these words are to be kept, not those of the facts before.
	w.texts = append(w.texts, wordsKept{digest: [32]byte(a.Digest)})
	return w.exec(`REPLACE INTO account(id, login, role, unit, desk, off, digest, size, fact, since) VALUES (?,?,?,?,?,?,?,?,?,?)`,
		a.ID, append([]byte{}, a.Login...), a.Role, a.Unit, a.Desk, bit(a.Off), a.Digest, int64(a.Size), at, latest.Wall)
}
