package register

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"

	"hailong/internal/survey"
)

// Kiosk says whether the organisation has a kiosk of that code; where not, the
// error is survey.CodeUnknownKiosk.
func (r *Register) Kiosk(ctx context.Context, code string) error {
	if code == "" {
		return survey.New(survey.CodeMissingField, "kiosk")
	}
	ok, err := r.state.has(ctx, `SELECT 1 FROM kiosk WHERE code = ?`, code)
	if err == nil && !ok {
		err = survey.New(survey.CodeUnknownKiosk, clip(code))
	}
	return err
}

// Device gives the kiosk as which a device of that public key was let in last. A
// key that was revoked is survey.CodeKeyRevoked; one that nobody let in is
// survey.CodeNotAdmitted.
func (r *Register) Device(ctx context.Context, public ed25519.PublicKey) (kiosk string, err error) {
	revoked, err := r.state.has(ctx, `SELECT 1 FROM revocation WHERE public = ?`, []byte(public))
	if err != nil {
		return "", err
	}
	if revoked {
		return "", survey.New(survey.CodeKeyRevoked)
	}
	err = r.state.db.QueryRowContext(ctx, `SELECT kiosk FROM admission WHERE public = ? ORDER BY fact DESC LIMIT 1`, []byte(public)).Scan(&kiosk)
	if errors.Is(err, sql.ErrNoRows) {
		return "", survey.New(survey.CodeNotAdmitted)
	}
	return kiosk, err
}
