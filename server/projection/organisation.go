package projection

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"hailong/internal/fact"
)

// claimKey names one thing of which the latest fact holds.
type claimKey struct {
	kind fact.Kind
	key  string
}

// claimOf gives what thing a body speaks of.
func claimOf(body any) (k claimKey, ok bool) {
	switch b := body.(type) {
	case *fact.UnitKind:
		k.key = b.Code
	case *fact.Unit:
		k.key = b.Code
	case *fact.Desk:
		k.key = b.Code
	case *fact.Kiosk:
		k.key = b.Code
	case *fact.Target:
		k.key = fmt.Sprintf("%s|%s|%d|%d", b.Kind, b.Unit, b.Service, b.From)
	case *fact.Setting:
		k.key = b.Key
	case *fact.Questionnaire:
		k.key = strconv.Itoa(int(b.Version))
	case *fact.Account:
		k.key = hex.EncodeToString(b.ID)
	default:
		return k, false
	}
	return k, true
}

// flushClaims writes each thing of which facts came or went as the latest fact
// about it says.
func (w *run) flushClaims() error {
	for key := range w.claims {
		latest, at, err := w.latest(key)
		if err == nil {
			err = w.writeThing(key, latest, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// latest gives the fact that holds of a thing, and its id; nil where none speaks
// of it.
func (w *run) latest(key claimKey) (latest *fact.Fact, at int64, err error) {
	ids, err := w.ids(`SELECT fact FROM claim WHERE kind = ? AND key = ?`, key.kind, key.key)
	for _, x := range ids {
		f, ferr := w.fact(x)
		if ferr != nil {
			return nil, 0, ferr
		}
		if latest == nil || later(f.Wall, f.Origin, f.Number, latest.Wall, latest.Origin, latest.Number) {
			latest, at = f, x
		}
	}
	return latest, at, err
}

// writeThing writes what the latest fact says, or deletes what none speaks of.
func (w *run) writeThing(key claimKey, latest *fact.Fact, at int64) error {
	if key.kind == fact.KindAccount {
		return w.writeAccount(key, latest, at)
	}
	w.org = true
	if latest == nil {
		switch key.kind {
		case fact.KindUnitKind:
			return w.exec(`DELETE FROM unit_kind WHERE code = ?`, key.key)
		case fact.KindUnit:
			return w.exec(`DELETE FROM unit WHERE code = ?`, key.key)
		case fact.KindDesk:
			return w.exec(`DELETE FROM desk WHERE code = ?`, key.key)
		case fact.KindKiosk:
			return w.exec(`DELETE FROM kiosk WHERE code = ?`, key.key)
		case fact.KindTarget:
			return w.exec(`DELETE FROM target WHERE kind || '|' || unit || '|' || service || '|' || since = ?`, key.key)
		case fact.KindQuestionnaire:
			return w.exec(`DELETE FROM questionnaire WHERE version = CAST(? AS INTEGER)`, key.key)
		default:
			return w.exec(`DELETE FROM setting WHERE key = ?`, key.key)
		}
	}
	body := bodies[key.kind]()
	if err := fact.Unmarshal(latest.Body, body); err != nil {
		return err
	}
	switch b := body.(type) {
	case *fact.UnitKind:
		return w.exec(`REPLACE INTO unit_kind(code, name, name_en) VALUES (?,?,?)`, b.Code, b.Name, b.NameEN)
	case *fact.Unit:
		at, err := w.place(place{sortUnit, b.Code})
		return errors.Join(err, w.exec(`REPLACE INTO unit(code, id, name, name_en, kind, parent, since, until) VALUES (?,?,?,?,?,?,?,?)`,
			b.Code, at, b.Name, b.NameEN, b.Kind, b.Parent, b.From, b.Until))
	case *fact.Desk:
		at, err := w.place(place{sortDesk, b.Code})
		return errors.Join(err, w.exec(`REPLACE INTO desk(code, id, unit, name, name_en, service) VALUES (?,?,?,?,?,?)`,
			b.Code, at, b.Unit, b.Name, b.NameEN, b.Service))
	case *fact.Kiosk:
		return w.exec(`REPLACE INTO kiosk(code, desk, name) VALUES (?,?,?)`, b.Code, b.Desk, b.Name)
	case *fact.Target:
		return w.exec(`REPLACE INTO target(kind, unit, service, since, operator, hundredths) VALUES (?,?,?,?,?,?)`,
			b.Kind, b.Unit, b.Service, b.From, b.Operator, b.Hundredths)
	case *fact.Questionnaire:
		return w.exec(`REPLACE INTO questionnaire(version, since, document) VALUES (?,?,?)`, int64(b.Version), b.From, b.Document)
	case *fact.Setting:
		return w.exec(`REPLACE INTO setting(key, value) VALUES (?,?)`, b.Key, b.Value)
	}
	return nil
}
