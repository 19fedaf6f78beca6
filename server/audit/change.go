package audit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// names are the kinds of fact that change something, as acts call them.
var names = map[fact.Kind]string{
	fact.KindAdmission: "kiosk.admit", fact.KindRevocation: "kiosk.revoke", fact.KindDecision: "fork.decide",
	fact.KindUnitKind: "kind.change", fact.KindUnit: "unit.change", fact.KindDesk: "desk.change", fact.KindKiosk: "kiosk.change",
	fact.KindTarget: "target.change", fact.KindSetting: "setting.change", fact.KindQuestionnaire: "questionnaire.load",
	fact.KindAccount: "account.change", fact.KindVoid: "ratings.void", fact.KindErasure: "text.erase",
}

func nameOf(k fact.Kind) string { return names[k] }

// object is one thing's fields, by names that people read.
type object map[string]any

// change says what an entry makes of what the projection has.
func (r *Recorder) change(ctx context.Context, e fact.Entry) (Change, error) {
	thing, after, query, args := describe(e.Body)
	kind, _, _ := strings.Cut(nameOf(e.Kind), ".")
	c := Change{Thing: thing, Kind: kind}
	var err error
	if c.After, err = json.Marshal(after); err != nil || query == "" {
		return c, err
	}
	var before sql.NullString
	err = r.o.Reader.QueryRowContext(ctx, query, args...).Scan(&before)
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	// The database writes its days and numbers by the same names.
	var was object
	if err := json.Unmarshal([]byte(before.String), &was); err != nil {
		return c, err
	}
	for name, v := range was {
		if n, ok := v.(float64); ok && dayNames[name] {
			was[name] = day(int32(n))
		}
		if n, ok := v.(float64); ok && name == "service" {
			was[name] = survey.Service(n).String()
		}
	}
	c.Before, err = json.Marshal(was)
	return c, err
}

var dayNames = map[string]bool{"from": true, "until": true}

// day writes a day of a fact; 0 is none.
func day(d int32) string {
	if d == 0 {
		return ""
	}
	return survey.Day(d).String()
}

// describe gives a body's code or id, its fields, and the query of what holds now,
// as one JSON object with the same names; "": nothing can hold before.
func describe(body any) (thing string, after object, query string, args []any) {
	switch b := body.(type) {
	case *fact.UnitKind:
		return b.Code, object{"name": b.Name, "name_en": b.NameEN},
			`SELECT json_object('name', name, 'name_en', name_en) FROM unit_kind WHERE code = ?`, []any{b.Code}
	case *fact.Unit:
		return b.Code, object{"name": b.Name, "name_en": b.NameEN, "kind": b.Kind, "parent": b.Parent, "from": day(b.From), "until": day(b.Until)},
			`SELECT json_object('name', name, 'name_en', name_en, 'kind', kind, 'parent', parent, 'from', since, 'until', until) FROM unit WHERE code = ?`, []any{b.Code}
	case *fact.Desk:
		return b.Code, object{"unit": b.Unit, "name": b.Name, "name_en": b.NameEN, "service": survey.Service(b.Service).String()},
			`SELECT json_object('unit', unit, 'name', name, 'name_en', name_en, 'service', service) FROM desk WHERE code = ?`, []any{b.Code}
	case *fact.Kiosk:
		return b.Code, object{"desk": b.Desk, "name": b.Name},
			`SELECT json_object('desk', desk, 'name', name) FROM kiosk WHERE code = ?`, []any{b.Code}
	case *fact.Target:
		return strings.Trim(b.Kind+" "+b.Unit, " "), object{"service": survey.Service(b.Service).String(), "from": day(b.From), "operator": b.Operator, "hundredths": b.Hundredths},
			`SELECT json_object('service', service, 'from', since, 'operator', operator, 'hundredths', hundredths) FROM target
			 WHERE kind = ? AND unit = ? AND service = ? AND since <= ? ORDER BY since DESC LIMIT 1`, []any{b.Kind, b.Unit, b.Service, b.From}
	case *fact.Setting:
		return b.Key, object{"value": b.Value}, `SELECT json_object('value', value) FROM setting WHERE key = ?`, []any{b.Key}
	case *fact.Questionnaire:
		return fmt.Sprint(b.Version), object{"from": day(b.From), "bytes": len(b.Document)}, "", nil
	case *fact.Admission:
		return b.Kiosk, object{"kiosk": b.Kiosk, "key": hex.EncodeToString(b.Public)},
			`SELECT json_object('kiosk', kiosk, 'key', lower(hex(public))) FROM admission WHERE public = ? ORDER BY fact LIMIT 1`, []any{b.Public}
	case *fact.Revocation:
		holds := make([]string, 0, len(b.Holds))
		for _, h := range b.Holds {
			holds = append(holds, fmt.Sprintf("%s %d", h.Origin, h.Number))
		}
		return hex.EncodeToString(b.Public), object{"reason": b.Reason, "holds": holds},
			`SELECT json_object('kiosk', kiosk) FROM admission WHERE public = ? ORDER BY fact LIMIT 1`, []any{b.Public}
	case *fact.Decision:
		return b.Origin.String(), object{"number": b.Number, "hash": b.Hash.String(), "reason": b.Reason}, "", nil
	case *fact.Void:
		return fmt.Sprintf("%s %d–%d", b.Origin, b.First, b.Last), object{"reason": b.Reason, "void": !b.Lift},
			`SELECT json_object('reason', reason, 'void', json(iif(lift, 'false', 'true'))) FROM void WHERE origin = ? AND first = ? AND last = ?`,
			[]any{b.Origin[:], int64(b.First), int64(b.Last)}
	case *fact.Erasure:
		return hex.EncodeToString(b.Digest), object{"reason": b.Reason}, "", nil
	case *fact.Account:
		return hex.EncodeToString(b.ID), object{"role": b.Role, "unit": b.Unit, "desk": b.Desk, "off": b.Off}, "", nil
	}
	return "", nil, "", nil
}
