package phone

import (
	"cmp"
	"context"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// Data tells a receipt's holder what is held about it.
type Data interface {
	// OfReceipt finds it by the receipt's hash; false: no such receipt.
	OfReceipt(ctx context.Context, hash [32]byte) (Held, bool, error)
	// Keeps says for how many days comments and contact data are kept.
	Keeps(ctx context.Context) (comments, contacts int, err error)
}

// Held is what is held about a receipt, and may be told to who has it: never what
// was answered or written, since whoever printed the receipt has its id too. Days
// that are 0 are not known.
type Held struct {
	Dossier            bool // of a dossier; else a slip
	Desk, DeskEN       string
	Unit, UnitEN       string
	Field, Procedure   string // codes
	Officer            bool   // the registration names one
	Received, Due      survey.Day
	LastEvent          survey.Day
	Receipts           int // that were printed of the dossier
	Ratings            []Given
	Comment, Contact   Kept
	CommentDays, Reach int // for how many days such words are kept
}

// Given is one sitting in which an answer was given.
type Given struct {
	Day     survey.Day
	Channel survey.Channel
	Binding survey.Binding
}

// Kept says until when words are kept.
type Kept struct {
	Held, Erased bool
	Until        survey.Day
}

// DataPage shows it.
type DataPage struct {
	httpx.Frame
	Path            string // of the receipt's page
	About, Answers  []DataLine
	Comment, Wishes string
}

// DataLine is one thing that is held.
type DataLine struct{ Name, Value string }

// dataFile is the same for a program. Its field names are stable.
type dataFile struct {
	Receipt   dataReceipt  `json:"receipt"`
	Answers   []dataAnswer `json:"answers"`
	Comment   dataWords    `json:"comment"`
	Contact   dataWords    `json:"contact"`
	NotShown  string       `json:"not_shown"`
	Retention struct {
		Comment int `json:"comment_days"`
		Contact int `json:"contact_days"`
	} `json:"retention"`
}

type dataReceipt struct {
	Kind      string `json:"kind"` // dossier or slip
	Desk      string `json:"desk,omitempty"`
	Unit      string `json:"unit,omitempty"`
	Field     string `json:"field,omitempty"`
	Procedure string `json:"procedure,omitempty"`
	Officer   bool   `json:"officer_named"`
	Received  string `json:"received,omitempty"`
	Due       string `json:"due,omitempty"`
	LastEvent string `json:"last_event,omitempty"`
	Receipts  int    `json:"receipts,omitempty"`
}

type dataAnswer struct {
	Day string `json:"day,omitempty"`
	By  string `json:"by"`    // kiosk or phone
	As  string `json:"bound"` // receipt or dossier
}

type dataWords struct {
	Held   bool   `json:"held"`
	Until  string `json:"until,omitempty"`
	Erased bool   `json:"erased,omitempty"`
}

func (p *pages) showData(c *fiber.Ctx) error {
	query, err := httpx.Query(c, "format")
	if err != nil {
		return err
	}
	if query["format"] != "" && query["format"] != "json" {
		return survey.New(survey.CodeBadField, "format")
	}
	f, done, err := p.find(c, true)
	if err != nil || done {
		return err
	}
	held, ok, err := p.Data.OfReceipt(c.UserContext(), f.id.Hash())
	if err != nil {
		return err
	}
	if !ok {
		return p.typePage(c, survey.New(survey.CodeUnknownReceipt))
	}
	page := DataPage{Frame: httpx.NewFrame(c, ""), Path: address(f.id)}
	if query["format"] == "json" {
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="hailong.json"`)
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(held.file(page.L.T("data.notshown")))
	}
	page.Title = page.L.T("data.title")
	page.fill(held)
	return p.Views.Send(c, fiber.StatusOK, "phone/data", page)
}

func (p *DataPage) day(d survey.Day) string {
	if d == 0 {
		return p.L.T("data.unknown")
	}
	return p.L.Date(d.Start())
}

func (p *DataPage) fill(h Held) {
	add := func(key, value string) {
		if value != "" {
			p.About = append(p.About, DataLine{p.L.T(key), value})
		}
	}
	desk, unit := h.Desk, h.Unit
	if p.L.Tag == "en" {
		desk, unit = cmp.Or(h.DeskEN, desk), cmp.Or(h.UnitEN, unit)
	}
	add("data.desk", desk)
	add("data.unit", unit)
	add("data.field", h.Field)
	add("data.procedure", h.Procedure)
	if h.Dossier {
		add("data.received", p.day(h.Received))
		if h.Due != 0 {
			add("data.due", p.day(h.Due))
		}
		add("data.last", p.day(h.LastEvent))
		add("data.receipts", p.L.Number(int64(h.Receipts)))
	} else {
		add("data.issued", p.day(h.LastEvent))
	}
	if h.Officer {
		add("data.officer", p.L.T("data.officer.named"))
	}
	for _, g := range h.Ratings {
		way := p.L.T("data.by." + g.Channel.String())
		if g.Binding == survey.BindingDossier {
			way += ", " + p.L.T("data.bycode")
		}
		p.Answers = append(p.Answers, DataLine{p.day(g.Day), way})
	}
	p.Comment, p.Wishes = p.kept(h.Comment, h.CommentDays), p.kept(h.Contact, h.Reach)
}

func (p *DataPage) kept(k Kept, days int) string {
	switch {
	case k.Held && k.Until != 0:
		return p.L.T("data.kept.until", "Day", p.day(k.Until))
	case k.Held:
		return p.L.T("data.kept.days", "Days", p.L.Number(int64(days)))
	case k.Erased:
		return p.L.T("data.erased")
	}
	return p.L.T("data.none")
}

func (h Held) file(notShown string) (f dataFile) {
	day := func(d survey.Day) string {
		if d == 0 {
			return ""
		}
		return d.String()
	}
	f.Receipt = dataReceipt{
		Kind: "slip", Desk: h.Desk, Unit: h.Unit, Field: h.Field, Procedure: h.Procedure, Officer: h.Officer,
		LastEvent: day(h.LastEvent), Receipts: h.Receipts,
	}
	if h.Dossier {
		f.Receipt.Kind, f.Receipt.Received, f.Receipt.Due = "dossier", day(h.Received), day(h.Due)
	}
	f.Answers = []dataAnswer{}
	for _, g := range h.Ratings {
		f.Answers = append(f.Answers, dataAnswer{Day: day(g.Day), By: g.Channel.String(), As: g.Binding.String()})
	}
	f.Comment, f.Contact = dataWords{h.Comment.Held, day(h.Comment.Until), h.Comment.Erased}, dataWords{h.Contact.Held, day(h.Contact.Until), h.Contact.Erased}
	f.Retention.Comment, f.Retention.Contact, f.NotShown = h.CommentDays, h.Reach, notShown
	return f
}
