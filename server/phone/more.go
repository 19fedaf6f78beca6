package phone

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// MorePage says that the tap is recorded, and asks what else there is to say.
// All of it may be left out. It does not show the answer.
type MorePage struct {
	httpx.Frame
	Path      string // of the receipt's page
	Thanks    string // the page after this one
	Token     string // the tap, sealed
	Faces     []Face
	Questions []Question
	Officer   []Question // about whoever took the dossier in
	Factors   []Factor   // those that have reasons
	Consent   string     // the sentence to agree to; "": no wish can be taken
	Comment   string     // the greatest number of characters, as written
}

// Question is one that is answered on the scale, or skipped.
type Question struct {
	Code, Text, Skip string
	Faces            []Face
}

// Factor groups the reasons that can be ticked.
type Factor struct {
	Name    string
	Reasons []Reason
}

// Reason is offered alike as good and as not good.
type Reason struct{ Code, Good, Bad string }

// Names of the form's fields; those with a dot are followed by a code.
const (
	fieldAnswer = "answer."
	fieldGood   = "good."
	fieldBad    = "bad."
)

func (p *pages) showMore(c *fiber.Ctx) error {
	f, done, err := p.find(c, false)
	if err != nil || done {
		return err
	}
	token := httpx.Copy(c.Query("t"))
	first, err := p.open(f.id, token)
	if survey.CodeOf(err) == survey.CodeStaleForm {
		return c.Redirect(httpx.Language(c).Link(address(f.id)), fiber.StatusSeeOther)
	} else if err != nil {
		return err
	}
	q, err := p.Questionnaires.Version(c.UserContext(), first.version)
	if err != nil {
		return err
	}
	page := MorePage{Frame: httpx.NewFrame(c, ""), Path: address(f.id), Token: token, Thanks: thanks(f.id, first, url.Values{})}
	page.Title = page.L.T("recorded")
	page.Comment = page.L.Number(survey.MaxComment)
	if sheet := q.For(f.known.Service); sheet != nil {
		page.Faces = faces(page.Frame, q)
		page.Consent = q.Consent.In(page.L.Tag)
		page.fill(sheet, f.known.Officer)
	}
	return p.Views.Send(c, fiber.StatusOK, "phone/more", page)
}

// fill puts the questions of a sheet on the page.
func (p *MorePage) fill(sheet *survey.ServiceSheet, officer bool) {
	in := func(w survey.Words) string { return w.In(p.L.Tag) }
	for _, q := range sheet.Questions {
		question := Question{q.Code, in(q.Text), p.L.T("phone.more.skip"), p.Faces}
		if !q.Officer {
			p.Questions = append(p.Questions, question)
		} else if officer {
			p.Officer = append(p.Officer, question)
		}
	}
	for _, f := range sheet.Factors {
		factor := Factor{Name: in(f.Name)}
		for _, r := range sheet.Reasons {
			if r.Factor == f.Code {
				factor.Reasons = append(factor.Reasons, Reason{r.Code, in(r.Good), in(r.Bad)})
			}
		}
		if len(factor.Reasons) > 0 {
			p.Factors = append(p.Factors, factor)
		}
	}
}

// saveMore records the tap again, in the same sitting, with what was added.
func (p *pages) saveMore(c *fiber.Ctx) error {
	form, err := httpx.FormOf(c, isMoreField)
	if err != nil {
		return err
	}
	f, done, err := p.find(c, false)
	if err != nil || done {
		return err
	}
	first, err := p.open(f.id, form["t"])
	if err != nil {
		return err
	}
	language := httpx.Language(c)
	in := capture.Input{
		Subject: capture.Receipt(f.id.Hash()), Session: first.session, Score: first.score, Language: language.Tag,
		Took: first.took, Questionnaire: first.version,
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if err := add(&in, name, form[name]); err != nil {
			return err
		}
	}
	if comment := form["comment"]; strings.TrimSpace(comment) != "" {
		in.Comment = &comment
	}
	notes := url.Values{}
	name, contact := strings.TrimSpace(form["name"]), strings.TrimSpace(form["contact"])
	if wished := form["consent"] != ""; wished || name != "" || contact != "" {
		q, err := p.Questionnaires.Version(c.UserContext(), first.version)
		if err != nil {
			return err
		}
		// Consent is to a sentence; and nobody can be reached by a name alone.
		if wished && contact != "" && q != nil {
			in.Contact = &capture.Contact{Name: name, Contact: contact, Consent: q.Consent.In(language.Tag)}
		} else {
			notes.Set("nocontact", "1")
		}
	}
	if len(in.Answers)+len(in.Reasons) > 0 || in.Comment != nil || in.Contact != nil {
		recorded, err := p.Capture.Rate(c.UserContext(), in)
		if err != nil {
			return err
		}
		if recorded.Cut {
			notes.Set("cut", "1")
		}
	}
	return c.Redirect(language.Link(thanks(f.id, first, notes)), fiber.StatusSeeOther)
}

// thanks is the address of the last page, with the proof code of the tap: the
// ballot is the same whatever was added.
func thanks(id receipt.ID, first tap, notes url.Values) string {
	notes.Set(fieldProof, first.proof.String())
	return address(id) + "/thanks?" + notes.Encode()
}

// isMoreField says whether a field may be in the form. Which codes there are is
// for capture to say, by the version that was shown.
func isMoreField(name string) bool {
	switch name {
	case "t", "comment", "consent", "name", "contact":
		return true
	}
	for _, prefix := range []string{fieldAnswer, fieldGood, fieldBad} {
		if code, ok := strings.CutPrefix(name, prefix); ok {
			return survey.IsCode(code)
		}
	}
	return false
}

// add puts an answer or a tick into the rating; an empty answer was skipped.
func add(in *capture.Input, name, value string) error {
	if code, ok := strings.CutPrefix(name, fieldAnswer); ok && value != "" {
		score, err := strconv.ParseUint(value, 10, 8)
		if err != nil {
			return survey.New(survey.CodeBadScore)
		}
		in.Answers = append(in.Answers, fact.Answer{Question: code, Score: uint8(score)})
	} else if code, ok := strings.CutPrefix(name, fieldGood); ok {
		in.Reasons = append(in.Reasons, "+"+code)
	} else if code, ok := strings.CutPrefix(name, fieldBad); ok {
		in.Reasons = append(in.Reasons, "-"+code)
	}
	return nil
}
