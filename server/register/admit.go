package register

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// maxReason bounds the reason of a revocation or decision, in bytes.
const maxReason = 300

// Admit lets what a device of that public key records count, as the kiosk named.
// new is false where it was admitted as that before. A kiosk that the
// organisation does not have is survey.CodeUnknownKiosk; a key that was revoked,
// which no admission gives back, is survey.CodeKeyRevoked.
func (r *Register) Admit(ctx context.Context, kiosk string, public ed25519.PublicKey) (isNew bool, err error) {
	if len(public) != ed25519.PublicKeySize {
		return false, survey.New(survey.CodeBadField, "key")
	}
	if kiosk == "" {
		return false, survey.New(survey.CodeMissingField, "kiosk")
	}
	last, err := r.decide(ctx, func() ([]fact.Entry, error) {
		ok, err := r.state.has(ctx, `SELECT 1 FROM kiosk WHERE code = ?`, kiosk)
		if err == nil && !ok {
			err = survey.New(survey.CodeUnknownKiosk, clip(kiosk))
		}
		if err != nil {
			return nil, err
		}
		revoked, err := r.state.has(ctx, `SELECT 1 FROM revocation WHERE public = ?`, []byte(public))
		if err == nil && revoked {
			err = survey.New(survey.CodeKeyRevoked)
		}
		if err != nil {
			return nil, err
		}
		admitted, err := r.state.has(ctx, `SELECT 1 FROM admission WHERE public = ? AND kiosk = ?`, []byte(public), kiosk)
		if err != nil || admitted {
			return nil, err
		}
		return []fact.Entry{{Kind: fact.KindAdmission, Body: &fact.Admission{Public: public, Kiosk: kiosk}}}, nil
	})
	if err != nil {
		return false, err
	}
	r.settle(ctx, last)
	return last != nil, nil
}

// Revoke ends a key: of each of its origins, what this server has of it now
// still counts, nothing after. To revoke again records a further limit at the
// same facts or later ones, which changes nothing; so nothing is recorded then.
// A key of which nothing is known is survey.CodeBadField.
func (r *Register) Revoke(ctx context.Context, public ed25519.PublicKey, reason string) (isNew bool, err error) {
	if len(public) != ed25519.PublicKeySize {
		return false, survey.New(survey.CodeBadField, "key")
	}
	if err := checkReason(reason); err != nil {
		return false, err
	}
	last, err := r.decide(ctx, func() ([]fact.Entry, error) {
		revoked, err := r.state.has(ctx, `SELECT 1 FROM revocation WHERE public = ?`, []byte(public))
		if err != nil || revoked {
			return nil, err
		}
		known, err := r.state.has(ctx, `SELECT 1 FROM admission WHERE public = ?`, []byte(public))
		if err != nil {
			return nil, err
		}
		body := &fact.Revocation{Public: public, Reason: reason}
		err = r.state.each(ctx, func(scan func(...any) error) error {
			var id, hash []byte
			var number int64
			if err := scan(&id, &number, &hash); err != nil {
				return err
			}
			known = true
			if number > 0 {
				body.Holds = append(body.Holds, fact.Hold{Origin: fact.OriginID(id), Number: uint64(number), Hash: fact.Hash(hash)})
			}
			return nil
		}, `SELECT id, head, head_hash FROM origin WHERE public = ? AND role <> ? ORDER BY id`, []byte(public), fact.RoleServer)
		if err == nil && !known {
			err = survey.New(survey.CodeBadField, "key")
		}
		if err != nil {
			return nil, err
		}
		return []fact.Entry{{Kind: fact.KindRevocation, Body: body}}, nil
	})
	if err != nil {
		return false, err
	}
	r.settle(ctx, last)
	return last != nil, nil
}

// Decide names the branch that counts at a fork. A fact that this server does
// not have there is survey.CodeBadField ("origin" or "hash"). Where that
// is what all decisions on that number say, nothing is recorded.
func (r *Register) Decide(ctx context.Context, origin fact.OriginID, number uint64, hash fact.Hash, reason string) (isNew bool, err error) {
	if number < 1 || number > fact.MaxNumber {
		return false, survey.New(survey.CodeBadField, "number")
	}
	if err := checkReason(reason); err != nil {
		return false, err
	}
	last, err := r.decide(ctx, func() ([]fact.Entry, error) {
		if err := r.branch(ctx, origin, number, hash); err != nil {
			return nil, err
		}
		// Only where no decision said otherwise is another of no use.
		same, err := r.state.has(ctx, `SELECT 1 FROM decision WHERE origin = ?1 AND number = ?2 AND hash = ?3
			AND NOT EXISTS (SELECT 1 FROM decision WHERE origin = ?1 AND number = ?2 AND hash <> ?3)`, origin[:], int64(number), hash[:])
		if err != nil || same {
			return nil, err
		}
		return []fact.Entry{{Kind: fact.KindDecision, Body: &fact.Decision{Origin: origin, Number: number, Hash: hash, Reason: reason}}}, nil
	})
	if err != nil {
		return false, err
	}
	r.settle(ctx, last)
	return last != nil, nil
}

// branch checks that this server has a fact of an origin.
func (r *Register) branch(ctx context.Context, origin fact.OriginID, number uint64, hash fact.Hash) error {
	var oid int64
	err := r.state.db.QueryRowContext(ctx, `SELECT oid FROM origin WHERE id = ?`, origin[:]).Scan(&oid)
	if errors.Is(err, sql.ErrNoRows) {
		return survey.New(survey.CodeBadField, "origin")
	}
	if err != nil {
		return err
	}
	aside, err := r.state.has(ctx, `SELECT 1 FROM aside WHERE oid = ? AND number = ? AND hash = ?`, oid, int64(number), hash[:])
	if err != nil || aside {
		return err
	}
	var bytes []byte
	err = r.state.db.QueryRowContext(ctx, `SELECT bytes FROM fact WHERE id = ?`, oid<<40|int64(number)).Scan(&bytes)
	if errors.Is(err, sql.ErrNoRows) || err == nil && fact.HashOf(bytes) != hash {
		return survey.New(survey.CodeBadField, "hash")
	}
	return err
}

func checkReason(reason string) error {
	if reason == "" {
		return survey.New(survey.CodeMissingField, "reason")
	}
	return CheckText("reason", reason, maxReason)
}
