package api

import (
	"crypto/rand"
	"fmt"
	"html/template"
	"math/big"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/register"
)

// perPage is how many receipts stand on a sheet of A4, and mostSheet how many
// one visit gives.
const (
	perPage   = 8
	mostSheet = 80
)

// SheetPage is the data of the view staff/receipts-sheet.
type SheetPage struct {
	Sample bool
	Style  template.CSS // "": the page's own files
	Pages  [][]SheetReceipt
}

// Add puts a receipt on the last page, or on a new one.
func (p *SheetPage) Add(r SheetReceipt) {
	if n := len(p.Pages); n == 0 || len(p.Pages[n-1]) == perPage {
		p.Pages = append(p.Pages, nil)
	}
	last := &p.Pages[len(p.Pages)-1]
	*last = append(*last, r)
}

// SheetReceipt is one cut-out of the sheet.
type SheetReceipt struct {
	Desk, Unit string
	Code       string // of the dossier; "": a slip
	QR         template.HTML
	Grouped    string
	Link       string
}

// printSheet gives receipts to try the product with: of sample dossiers, and
// slips of public units. It records them though it is a GET, so that a link
// prints them; hence it is there only for sample data.
func (d Deps) printSheet(c *fiber.Ctx) error {
	sample, err := d.Register.IsSample(c.UserContext())
	if err != nil {
		return err
	}
	if !sample {
		return survey.New(survey.CodeNotFound)
	}
	q, err := httpx.Query(c, "unit", "count")
	if err != nil {
		return err
	}
	count := perPage
	if q["count"] != "" {
		if count, err = strconv.Atoi(q["count"]); err != nil || count < 1 || count > mostSheet {
			return survey.New(survey.CodeBadCount, mostSheet)
		}
	}
	if c.Method() == fiber.MethodHead {
		return c.SendStatus(fiber.StatusOK) // whoever only looks gets nothing recorded
	}
	desks, err := d.sheetDesks(c, q["unit"])
	if err != nil {
		return err
	}
	if len(desks) == 0 { // the unit has no desk of its own
		desks = []fact.Desk{{Unit: q["unit"], Service: uint8(survey.ServicePublic)}}
	}
	page := SheetPage{Sample: true}
	// Desk by desk, so that what is cut out of one sheet goes to few desks.
	for i, left := 0, count; left > 0 && i < len(desks); i++ {
		share := (left + len(desks) - i - 1) / (len(desks) - i)
		receipts, err := d.sampleReceipts(c, desks[i], share)
		if err != nil {
			return err
		}
		for _, r := range receipts {
			page.Add(r)
		}
		left -= share
	}
	return d.Views.Send(c, fiber.StatusOK, "staff/receipts-sheet", page)
}

// sheetDesks are the unit's desks; where none is named those with a kiosk, at
// which the receipts can be tried, and all where no desk has one.
func (d Deps) sheetDesks(c *fiber.Ctx, unit string) ([]fact.Desk, error) {
	if unit == "" {
		if desks, err := d.Register.KioskDesks(c.UserContext()); err != nil || len(desks) > 0 {
			return desks, err
		}
	}
	return d.Register.Desks(c.UserContext(), unit)
}

// sampleReceipts records receipts of made-up dossiers, or slips where the desk
// is of a public unit.
func (d Deps) sampleReceipts(c *fiber.Ctx, desk fact.Desk, count int) ([]SheetReceipt, error) {
	var names register.Names
	var issued []register.Registered
	var rows []register.Row
	var err error
	ctx := c.UserContext()
	if names, err = d.Register.NamesOf(ctx, desk.Code, desk.Unit); err != nil {
		return nil, err
	}
	if desk.Service == uint8(survey.ServicePublic) {
		if issued, err = d.Register.IssueSlips(ctx, desk.Unit, desk.Code, 0, count); err != nil {
			return nil, err
		}
	} else {
		if rows, err = d.sampleRows(desk.Code, count); err != nil {
			return nil, err
		}
		results, err := d.Register.Register(ctx, rows)
		if err != nil {
			return nil, err
		}
		for _, r := range results {
			if r.Fault != nil {
				return nil, r.Fault
			}
			issued = append(issued, r.Registered)
		}
	}
	out := make([]SheetReceipt, len(issued))
	for i, x := range issued {
		qr, err := receipt.NewQR(x.URL)
		if err != nil {
			return nil, err
		}
		out[i] = SheetReceipt{Desk: names.Desk, Unit: names.Unit, QR: template.HTML(qr.SVG()), Grouped: x.ID.Grouped(), Link: "/r/" + x.ID.String()} // #nosec G203 -- drawn by us, of black squares
		if rows != nil {
			out[i].Code = rows[i].Code
		}
	}
	return out, nil
}

// sampleRows makes up dossiers received just now, of codes in the usual form
// that no unit has.
func (d Deps) sampleRows(desk string, count int) ([]register.Row, error) {
	now := d.Now().In(survey.Zone)
	start, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return nil, err
	}
	rows := make([]register.Row, count)
	for i := range rows {
		rows[i] = register.Row{
			Code: fmt.Sprintf("000.00.00.X00-%s-%06d", now.Format("060102"), (start.Int64()+int64(i))%1_000_000),
			Desk: desk, Received: now.Format(time.RFC3339), Due: now.AddDate(0, 0, 7).Format(time.RFC3339),
		}
	}
	return rows, nil
}
