package api

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/register"
	"hailong/web"
)

// PageRequest asks for the printable page of a receipt. What is said of a person
// goes out in the answer and is neither stored nor logged.
//
// With Receipt, the page is that of a receipt given out earlier; with Reprint,
// another receipt is made for a registered dossier; else the dossier is
// registered.
type PageRequest struct {
	Code      string `json:"code" doc:"of the dossier, as Dossier's"`
	Desk      string `json:"desk" doc:"code of the receiving desk"`
	Unit      string `json:"unit,omitempty" doc:"code of the settling authority; the desk's own where left out"`
	Service   string `json:"service,omitempty" doc:"administrative or public"`
	Field     string `json:"field,omitempty" doc:"lĩnh vực"`
	Procedure string `json:"procedure,omitempty" doc:"thủ tục hành chính"`
	Officer   string `json:"officer,omitempty" doc:"code, not name"`
	Received  string `json:"received" doc:"as Dossier's"`
	Due       string `json:"due,omitempty" doc:"as Dossier's"`

	Receipt string `json:"receipt,omitempty" doc:"id of one given out earlier for this dossier"`
	Reprint bool   `json:"reprint,omitempty" doc:"another receipt for a registered dossier"`

	Applicant  string   `json:"applicant,omitempty" doc:"tiếp nhận hồ sơ của"`
	Address    string   `json:"address,omitempty"`
	Phone      string   `json:"phone,omitempty"`
	Content    string   `json:"content,omitempty" doc:"nội dung yêu cầu giải quyết"`
	Components []string `json:"components,omitempty" doc:"thành phần hồ sơ, at most 30"`
	Copies     int      `json:"copies,omitempty" doc:"số lượng hồ sơ, in sets; 1 where left out"`
	Term       string   `json:"term,omitempty" doc:"thời gian giải quyết theo quy định"`
	Collect    string   `json:"collect,omitempty" doc:"đăng ký nhận kết quả tại"`
	Submitter  string   `json:"submitter,omitempty" doc:"người nộp"`
	Receiver   string   `json:"receiver,omitempty" doc:"người tiếp nhận"`
}

// Bounds of what a page takes: it is one sheet of A5.
const (
	mostComponents = 30
	mostCopies     = 99
)

// A5Page is the data of the view staff/receipt-a5.
type A5Page struct {
	PageRequest
	Style         template.CSS
	Names         register.Names
	Received, Due string // as written in Vietnamese
	QR            template.HTML
	Grouped       string
	Host          string // where the page for phones is
}

func (d Deps) printReceipt(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	var in PageRequest
	if err := httpx.JSON(c, &in); err != nil {
		return err
	}
	page := A5Page{PageRequest: in, Style: template.CSS(pageStyle().text)} // #nosec G203 -- our own style
	if err := page.check(); err != nil {
		return err
	}
	var err error
	if page.Names, err = d.Register.NamesOf(c.UserContext(), page.Desk, page.Unit); err != nil {
		return err
	}
	x, err := d.receiptFor(c, page.PageRequest)
	if err != nil {
		return err
	}
	qr, err := receipt.NewQR(x.URL)
	if err != nil {
		return err
	}
	page.QR, page.Grouped = template.HTML(qr.SVG()), x.ID.Grouped() // #nosec G203 -- drawn by us, of black squares
	page.Host, _, _ = strings.Cut(strings.ToLower(x.URL), "/r/")
	page.Host = page.Host[strings.Index(page.Host, "//")+2:] + "/r"
	if err := d.Views.Send(c, fiber.StatusOK, "staff/receipt-a5", page); err != nil {
		return err
	}
	// The page carries its own style, since the one-stop software prints it from
	// wherever it likes; the policy allows just that style.
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src '"+pageStyle().hash+"'; base-uri 'none'; form-action 'none'")
	return nil
}

// receiptFor gives the receipt that the page is for.
func (d Deps) receiptFor(c *fiber.Ctx, in PageRequest) (x register.Registered, err error) {
	ctx := c.UserContext()
	switch {
	case in.Receipt != "" && in.Reprint:
		return x, survey.New(survey.CodeBadField, "reprint")
	case in.Receipt != "":
		id, err := receipt.ParseID(in.Receipt)
		if err == nil {
			err = d.Register.Belongs(ctx, id.Hash(), in.Code)
		}
		return d.Register.Printed(id), err
	case in.Reprint:
		return d.Register.Reprint(ctx, in.Code)
	}
	results, err := d.Register.Register(ctx, []register.Row{{
		Code: in.Code, Desk: in.Desk, Unit: in.Unit, Service: in.Service, Field: in.Field, Procedure: in.Procedure,
		Officer: in.Officer, Received: in.Received, Due: in.Due,
	}})
	if err != nil {
		return x, err
	}
	if results[0].Fault != nil {
		return x, results[0].Fault
	}
	return results[0].Registered, nil
}

// check bounds the texts and writes the times as the page shows them.
func (p *A5Page) check() error {
	for _, t := range []struct{ name, text string }{
		{"applicant", p.Applicant}, {"address", p.Address}, {"phone", p.Phone}, {"content", p.Content}, {"term", p.Term},
		{"collect", p.Collect}, {"submitter", p.Submitter}, {"receiver", p.Receiver}, {"procedure", p.Procedure}, {"field", p.Field},
	} {
		if err := register.CheckText(t.name, t.text, fact.MaxText); err != nil {
			return err
		}
	}
	if len(p.Components) > mostComponents {
		return survey.New(survey.CodeTooMany, mostComponents)
	}
	for _, s := range p.Components {
		if err := register.CheckText("components", s, fact.MaxText); err != nil {
			return err
		}
	}
	if p.Copies < 0 || p.Copies > mostCopies {
		return survey.New(survey.CodeBadField, "copies")
	}
	p.Copies = max(p.Copies, 1)
	for _, f := range []struct{ name, text string }{{"code", p.Code}, {"desk", p.Desk}, {"received", p.PageRequest.Received}} {
		if f.text == "" {
			return survey.New(survey.CodeMissingField, f.name)
		}
	}
	received, err := register.ParseTime(p.PageRequest.Received)
	if err != nil {
		return err
	}
	p.Received = moment(received)
	if p.PageRequest.Due != "" {
		due, err := register.ParseDue(p.PageRequest.Due)
		switch {
		case err != nil:
			return err
		case due.Before(received):
			return survey.New(survey.CodeDueBeforeReceived)
		}
		p.Due = moment(due)
	}
	return nil
}

// moment writes a time as receipts do. The last second of a day is that day.
func moment(t time.Time) string {
	t = t.In(survey.Zone)
	day := "ngày " + t.Format("02") + " tháng " + t.Format("01") + " năm " + strconv.Itoa(t.Year())
	if t.Hour() == 23 && t.Minute() == 59 {
		return day
	}
	return t.Format("15") + " giờ " + t.Format("04") + " phút, " + day
}

// pageStyle is the style sheet within the page, with its hash for the policy.
var pageStyle = sync.OnceValue(func() (s struct{ text, hash string }) {
	data, err := fs.ReadFile(web.Assets(), "receipt-a5.css")
	if err != nil {
		panic(err) // it is embedded
	}
	sum := sha256.Sum256(data)
	s.text, s.hash = string(data), "sha256-"+base64.StdEncoding.EncodeToString(sum[:])
	return s
})
