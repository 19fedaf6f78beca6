package projection

import (
	"context"
	"database/sql"
	"errors"
)

// Known is what is registered under a receipt or dossier.
type Known struct {
	Ballot   [32]byte
	Desk     string // codes
	Unit     string
	DeskName string // empty where not known
	DeskEN   string
	UnitName string // of the settling authority
	UnitEN   string
	Service  uint8
	Step     uint8 // survey.Step that the dossier has reached; 0 for slips
	Officer  bool  // the receipt names an officer
	Received int64 // Unix ms; of a slip: issued
	Closes   int64 // Unix ms: ratings after this do not count
	Rated    bool
}

const knownColumns = `b.key, coalesce(d.code, ''), coalesce(u.code, ''), b.service, b.received, b.last, b.score,
	coalesce(dn.name, ''), coalesce(dn.name_en, ''), coalesce(un.name, ''), coalesce(un.name_en, ''),
	b.kind, b.events, b.officer <> ''`
const knownJoins = ` LEFT JOIN place d ON d.id = b.desk LEFT JOIN place u ON u.id = b.unit
	LEFT JOIN desk dn ON dn.id = b.desk LEFT JOIN unit un ON un.id = b.unit`

// LookupReceipt finds what a receipt hash is registered for.
func (p *Projection) LookupReceipt(ctx context.Context, hash [32]byte) (Known, bool, error) {
	return p.known(ctx, `SELECT `+knownColumns+` FROM ballot b`+knownJoins+`
		WHERE b.kind IN (1, 2) AND (b.id IN (SELECT ballot FROM receipt WHERE hash = ?1) OR b.key = ?1) ORDER BY b.key LIMIT 1`, hash[:])
}

// LookupBallot finds what is registered under a ballot key.
func (p *Projection) LookupBallot(ctx context.Context, key [32]byte) (Known, bool, error) {
	return p.known(ctx, `SELECT `+knownColumns+` FROM ballot b`+knownJoins+` WHERE b.kind IN (1, 2) AND b.key = ?`, key[:])
}

func (p *Projection) known(ctx context.Context, query string, key []byte) (k Known, ok bool, err error) {
	var raw, events []byte
	var last int64
	var score int
	var kind uint8
	err = p.db.Read().QueryRowContext(ctx, query, key).Scan(&raw, &k.Desk, &k.Unit, &k.Service, &k.Received, &last, &score,
		&k.DeskName, &k.DeskEN, &k.UnitName, &k.UnitEN, &kind, &events, &k.Officer)
	if errors.Is(err, sql.ErrNoRows) {
		return k, false, nil
	}
	if err != nil {
		return k, false, err
	}
	copy(k.Ballot[:], raw)
	k.Closes, k.Rated = last+windowMilli, score != 0
	if kind == kindDossier {
		k.Step = stepNow(string(events))
	}
	return k, true, nil
}

// Kiosk is the place of a kiosk's key.
type Kiosk struct {
	Code, Desk         string // codes; empty where not known
	DeskName, UnitName string
	DeskEN, UnitEN     string
	Service            uint8 // of its desk
	Admitted           bool
}

// LookupKiosk finds the place of the kiosk with this Ed25519 public key.
func (p *Projection) LookupKiosk(ctx context.Context, public []byte) (k Kiosk, err error) {
	err = p.db.Read().QueryRowContext(ctx, `SELECT a.kiosk, coalesce(k.desk, ''), coalesce(d.name, ''), coalesce(u.name, ''), coalesce(d.name_en, ''), coalesce(u.name_en, ''), coalesce(d.service, 0)
		FROM admission a LEFT JOIN kiosk k ON k.code = a.kiosk LEFT JOIN desk d ON d.code = k.desk LEFT JOIN unit u ON u.code = d.unit
		WHERE a.public = ? ORDER BY a.fact DESC LIMIT 1`, public).Scan(&k.Code, &k.Desk, &k.DeskName, &k.UnitName, &k.DeskEN, &k.UnitEN, &k.Service)
	if errors.Is(err, sql.ErrNoRows) {
		return k, nil
	}
	k.Admitted = err == nil
	return k, err
}

// Setting gives the value of a setting of the organisation; "" where there is
// none.
func (p *Projection) Setting(ctx context.Context, key string) (value string, err error) {
	err = p.db.Read().QueryRowContext(ctx, `SELECT value FROM setting WHERE key = ?`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}
