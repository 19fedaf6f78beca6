package index

import (
	"context"
	"database/sql"
	"time"

	"hailong/internal/fact"
)

// KioskPlace is a kiosk of the organisation, with the devices that were let in
// as it.
type KioskPlace struct {
	Code, Name       string
	Desk             string // code
	DeskName, DeskEN string
	Unit             string // code of the desk's unit
	UnitName, UnitEN string
	Devices          []Device // the one let in last first
}

// Device is one device's key, which speaks for the kiosk that it was let in as
// last.
type Device struct {
	Public  []byte
	Revoked bool
	Seen    time.Time // when facts of it came last; zero: never
}

// Kiosks lists every kiosk of the organisation by code.
func (x *Index) Kiosks(ctx context.Context) (all []KioskPlace, err error) {
	err = x.read(ctx, func(tx *sql.Tx) error {
		at := map[string]int{}
		err := each(ctx, tx, func(scan scanner) error {
			var k KioskPlace
			if err := scan(&k.Code, &k.Name, &k.Desk, &k.DeskName, &k.DeskEN, &k.Unit, &k.UnitName, &k.UnitEN); err != nil {
				return err
			}
			at[k.Code] = len(all)
			all = append(all, k)
			return nil
		}, `SELECT k.code, k.name, k.desk, coalesce(d.name, ''), coalesce(d.name_en, ''), coalesce(d.unit, ''), coalesce(u.name, ''), coalesce(u.name_en, '')
FROM kiosk k LEFT JOIN desk d ON d.code = k.desk LEFT JOIN unit u ON u.code = d.unit ORDER BY k.code`)
		if err != nil {
			return err
		}
		return each(ctx, tx, func(scan scanner) error {
			var code string
			var d Device
			var seen int64
			if err := scan(&code, &d.Public, &d.Revoked, &seen); err != nil {
				return err
			}
			if seen > 0 {
				d.Seen = time.UnixMilli(seen)
			}
			if i, ok := at[code]; ok {
				all[i].Devices = append(all[i].Devices, d)
			}
			return nil
		}, `SELECT a.kiosk, a.public, EXISTS (SELECT 1 FROM revocation r WHERE r.public = a.public),
	coalesce((SELECT max(o.seen) FROM origin o WHERE o.public = a.public AND o.role = ?), 0)
FROM admission a WHERE a.fact = (SELECT max(l.fact) FROM admission l WHERE l.public = a.public) ORDER BY a.kiosk, a.fact DESC`, fact.RoleKiosk)
	})
	return all, err
}
