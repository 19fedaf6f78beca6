package index

import (
	"context"
	"database/sql"

	"hailong/internal/survey"
)

// Organisation lists every unit as it stands on a day, and every desk.
func (x *Index) Organisation(ctx context.Context, day survey.Day) (units []Unit, desks []Place, err error) {
	err = x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		org.at(day)
		for i := range org.units {
			units = append(units, org.units[i].Unit)
		}
		desks, err = readDesks(ctx, tx, org)
		return err
	})
	return units, desks, err
}
