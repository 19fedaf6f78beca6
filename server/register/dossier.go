package register

import (
	"cmp"
	"context"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// MaxDossiers bounds one call of Register, and MaxSlips one of IssueSlips.
const (
	MaxDossiers = 1000
	MaxSlips    = 1000
)

// Row is a dossier as it is written in a request or file.
type Row struct {
	Code      string // dossier code, as printed
	Desk      string // code of the receiving desk
	Unit      string // code of the settling authority; "": the desk's unit
	Service   string // administrative or public; "": what the desk offers
	Field     string // lĩnh vực
	Procedure string // thủ tục
	Officer   string // code of the officer who received it
	Received  string // see ParseTime
	Due       string // see ParseTime; a day alone ends with that day; "": none
}

// Result is what became of one dossier: Fault is nil, and Registered its
// receipt; or Fault says why not. survey.CodeDossierRegistered is the answer for
// one that is registered already with the same particulars: nothing was recorded
// for it.
type Result struct {
	Code string // normalised, or as given where it is not of a known form
	Registered
	Fault *survey.Error
}

// Register records new dossiers, each with its first receipt. An error is about
// all of them, and nothing was recorded; otherwise there is one result for each
// dossier, in their order. Of two with one code, the second is registered
// already.
func (r *Register) Register(ctx context.Context, rows []Row) ([]Result, error) {
	if len(rows) == 0 || len(rows) > MaxDossiers {
		return nil, survey.New(survey.CodeTooMany, MaxDossiers)
	}
	results, last, err := r.register(ctx, rows)
	if err == nil {
		r.settle(ctx, last)
	}
	return results, err
}

func (r *Register) register(ctx context.Context, rows []Row) (results []Result, last *fact.Ref, err error) {
	places, err := r.state.places(ctx)
	if err != nil {
		return nil, nil, err
	}
	results = make([]Result, len(rows))
	bodies := make([]*fact.Dossier, len(rows))
	within := onlyOf(ctx)
	for i, row := range rows {
		results[i].Code, bodies[i], err = r.dossier(places, row)
		if err == nil {
			err = within.dossier(places, bodies[i].Desk, bodies[i].Unit)
		}
		if err != nil {
			results[i].Fault = survey.ErrorOf(err)
		}
	}
	last, err = r.decide(ctx, func() (entries []fact.Entry, err error) {
		here := map[[32]byte]particulars{}
		for i, d := range bodies {
			if results[i].Fault != nil {
				continue
			}
			key := [32]byte(d.Ballot)
			have, known := here[key]
			if !known {
				if have, known, err = r.known(ctx, key); err != nil {
					return nil, err
				}
			}
			now := particulars{d.Desk, d.Unit, d.Service, d.Received}
			switch {
			case !known:
				here[key] = now
			case have == now:
				results[i].Fault = survey.New(survey.CodeDossierRegistered)
				continue
			default:
				results[i].Fault = survey.New(survey.CodeDossierDiffers)
				continue
			}
			if results[i].Registered, err = r.draw(); err != nil {
				return nil, err
			}
			entries = append(entries, fact.Entry{Kind: fact.KindDossier, Body: d}, receiptOf(results[i].Registered, d.Ballot))
		}
		return entries, nil
	})
	if err != nil {
		return nil, nil, err
	}
	return results, last, nil
}

func receiptOf(x Registered, ballot []byte) fact.Entry {
	hash := x.ID.Hash()
	return fact.Entry{Kind: fact.KindReceipt, Body: &fact.Receipt{Hash: hash[:], Ballot: ballot}}
}

// known tells what is registered under a ballot, applied or not.
func (r *Register) known(ctx context.Context, key [32]byte) (particulars, bool, error) {
	if p, ok := r.dossiers[key]; ok {
		return p, true, nil
	}
	k, ok, err := r.o.Projection.LookupBallot(ctx, key)
	return particulars{k.Desk, k.Unit, k.Service, k.Received}, ok, err
}

// Reprint records another receipt for a dossier's ballot. A dossier that is not
// registered is survey.CodeUnknownDossier; see Within too.
func (r *Register) Reprint(ctx context.Context, code string) (x Registered, err error) {
	key, places, err := r.ballot(ctx, code)
	if err != nil {
		return x, err
	}
	last, err := r.decide(ctx, func() ([]fact.Entry, error) {
		if err := r.registered(ctx, places, key); err != nil {
			return nil, err
		}
		if x, err = r.draw(); err != nil {
			return nil, err
		}
		return []fact.Entry{receiptOf(x, key[:])}, nil
	})
	if err != nil {
		return Registered{}, err
	}
	r.settle(ctx, last)
	return x, nil
}

// Belongs checks that a receipt was given out for a dossier, so that its page
// may be printed; else survey.CodeUnknownReceipt. code may be of any known form.
func (r *Register) Belongs(ctx context.Context, hash [32]byte, code string) error {
	key, places, err := r.ballot(ctx, code)
	if err != nil {
		return err
	}
	k, ok, err := r.o.Projection.LookupReceipt(ctx, hash)
	if err == nil && (!ok || k.Ballot != key) {
		err = survey.New(survey.CodeUnknownReceipt)
	}
	if err == nil {
		err = onlyOf(ctx).dossier(places, k.Desk, k.Unit)
	}
	return err
}

// registered checks that a dossier is known, and may be touched.
func (r *Register) registered(ctx context.Context, places *places, key [32]byte) error {
	have, ok, err := r.known(ctx, key)
	switch {
	case err != nil:
		return err
	case !ok:
		return survey.New(survey.CodeUnknownDossier)
	}
	return onlyOf(ctx).dossier(places, have.desk, have.unit)
}

// ballot gives the ballot of a dossier code as it was written.
func (r *Register) ballot(ctx context.Context, code string) (key [32]byte, p *places, err error) {
	if code == "" {
		return key, nil, survey.New(survey.CodeMissingField, "code")
	}
	if p, err = r.state.places(ctx); err != nil {
		return key, nil, err
	}
	normal, err := p.patterns.NormaliseCode(code)
	if err != nil {
		return key, nil, err
	}
	return r.o.Keys.Ballot(normal), p, nil
}

// officerForm keeps names out: an officer is known by a code.
var officerForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)

// earliest is the first day on which a dossier may have been received. It keeps
// clocks without a battery out.
var earliest = survey.NewDay(2002, time.January, 1).Start()

// ahead is by how much a sender's clock may be before ours.
const ahead = 10 * time.Minute

// dossier checks a row and gives its fact.
func (r *Register) dossier(p *places, row Row) (code string, d *fact.Dossier, err error) {
	code = clip(row.Code)
	if row.Code == "" {
		return code, nil, survey.New(survey.CodeMissingField, "code")
	}
	normal, err := p.patterns.NormaliseCode(row.Code)
	if err != nil {
		return code, nil, err
	}
	key := r.o.Keys.Ballot(normal)
	d = &fact.Dossier{Ballot: key[:], Desk: row.Desk, Field: row.Field, Procedure: row.Procedure, Officer: row.Officer}
	if row.Desk == "" {
		return normal, nil, survey.New(survey.CodeMissingField, "desk")
	}
	if err := p.desk(row.Desk); err != nil {
		return normal, nil, err
	}
	if err := r.times(d, row); err != nil {
		return normal, nil, err
	}
	desk := p.desks[row.Desk]
	d.Unit = cmp.Or(row.Unit, desk.Unit)
	if err := p.unit(d.Unit, survey.DayOfMilli(d.Received)); err != nil {
		return normal, nil, err
	}
	if d.Service = desk.Service; row.Service != "" {
		s, err := survey.ParseService(row.Service)
		if err != nil {
			return normal, nil, err
		}
		d.Service = uint8(s)
	}
	for _, t := range []struct{ name, text string }{{"field", row.Field}, {"procedure", row.Procedure}} {
		if err := CheckText(t.name, t.text, fact.MaxText); err != nil {
			return normal, nil, err
		}
	}
	if row.Officer != "" && !officerForm.MatchString(row.Officer) {
		return normal, nil, survey.New(survey.CodeBadField, "officer")
	}
	if err := d.Validate(); err != nil {
		return normal, nil, survey.Wrap(survey.CodeBadRequest, err)
	}
	return normal, d, nil
}

// times reads the two times of a row.
func (r *Register) times(d *fact.Dossier, row Row) error {
	if row.Received == "" {
		return survey.New(survey.CodeMissingField, "received")
	}
	received, err := ParseTime(row.Received)
	if err != nil {
		return err
	}
	if received.Before(earliest) || received.After(r.o.Now().Add(ahead)) {
		return survey.New(survey.CodeBadReceivedTime)
	}
	d.Received = received.UnixMilli()
	if row.Due == "" {
		return nil
	}
	due, err := ParseDue(row.Due)
	switch {
	case err != nil:
		return err
	case due.Before(received):
		return survey.New(survey.CodeDueBeforeReceived)
	case due.Year() > 2200:
		return survey.New(survey.CodeBadDate, clip(row.Due))
	}
	d.Due = due.UnixMilli()
	return nil
}

// CheckText refuses a text that is too long or holds control characters.
func CheckText(name, s string, most int) error {
	switch {
	case len(s) > most:
		return survey.New(survey.CodeTextTooLong, name, most)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return survey.New(survey.CodeBadField, name)
	}
	return nil
}
