package texts

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
)

// erasePage is the data of the view staff/erase.
type erasePage struct {
	frame
	Digest                 string
	Kind, Place            string
	Waits                  bool
	Comment, Name, Contact string
	Problem                string
}

// reasons that a person may give, as the form names them.
var reasons = map[string]uint8{"request": fact.ErasedOnRequest, "unlawful": fact.ErasedUnlawful}

// Erase records that words are to be kept nowhere any more; unit is whose they
// must be, "" for any. It returns when that is on the disk. Errors:
// survey.CodeNotFound for words that no text of the unit names or that were
// erased before, CodeBadField ("reason").
func (d Deps) Erase(ctx context.Context, unit string, digest [32]byte, reason uint8) error {
	if reason != fact.ErasedOnRequest && reason != fact.ErasedUnlawful {
		return survey.New(survey.CodeBadField, "reason")
	}
	if _, err := d.one(ctx, unit, digest); err != nil {
		return err
	}
	if _, err := d.Recorder.Append(ctx, fact.Entry{Kind: fact.KindErasure, Body: &fact.Erasure{Digest: digest[:], Reason: reason}}); err != nil {
		return err
	}
	return d.waitErased(ctx, digest)
}

// one gives the text with the digest, among those that the page may list.
func (d Deps) one(ctx context.Context, unit string, digest [32]byte) (text, error) {
	all, err := d.list(ctx, unit)
	if err != nil {
		return text{}, err
	}
	i := slices.IndexFunc(all, func(x text) bool { return x.digest == digest })
	if i >= 0 {
		return all[i], nil
	}
	// A comment that stands beside a wish to be contacted.
	if i = slices.IndexFunc(all, func(x text) bool { return x.comment == digest && digest != [32]byte{} }); i < 0 {
		return text{}, survey.New(survey.CodeNotFound)
	}
	return text{digest: digest, purpose: survey.PurposeComment, month: all[i].month, desk: all[i].desk}, nil
}

func parseDigest(s string) (digest [32]byte, err error) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != 32 {
		return digest, survey.New(survey.CodeBadField, "digest")
	}
	return [32]byte(raw), nil
}

// askErase shows what would be erased, and what that means.
func (d Deps) askErase(c *fiber.Ctx) error {
	q, err := httpx.Query(c, "digest")
	if err != nil {
		return err
	}
	return d.confirm(c, q["digest"], "", fiber.StatusOK)
}

func (d Deps) confirm(c *fiber.Ctx, digest, problem string, status int) error {
	who, unit, err := scope(c)
	if err != nil {
		return err
	}
	if who.Role != access.Contact {
		return survey.New(survey.CodeForbidden)
	}
	sum, err := parseDigest(digest)
	if err != nil {
		return err
	}
	x, err := d.one(c.UserContext(), unit, sum)
	if err != nil {
		return err
	}
	w, err := d.open(c.UserContext(), x)
	if err != nil {
		return err
	}
	p := erasePage{frame: newFrame(c, "texts.erase.title"), Digest: digest, Kind: "comment", Waits: !w.here,
		Comment: w.words.Comment, Name: w.words.Name, Contact: w.words.Contact, Problem: problem}
	if x.purpose == survey.PurposeContact {
		p.Kind = "contact"
	}
	p.Place = p.place(x)
	return d.Views.Send(c, status, "staff/erase", p)
}

func (d Deps) erase(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "digest", "reason", "sure")
	if err != nil {
		return err
	}
	who, unit, err := scope(c)
	if err != nil {
		return err
	}
	if who.Role != access.Contact {
		return survey.New(survey.CodeForbidden)
	}
	digest, err := parseDigest(form["digest"])
	if err != nil {
		return err
	}
	l := httpx.Language(c)
	reason := reasons[form["reason"]]
	if form["sure"] == "" || reason == 0 {
		return d.confirm(c, form["digest"], l.T("texts.erase.incomplete"), fiber.StatusBadRequest)
	}
	if err := d.Erase(c.UserContext(), unit, digest, reason); err != nil {
		return err
	}
	return c.Redirect(l.Link("/texts?erased=1"), fiber.StatusSeeOther)
}
