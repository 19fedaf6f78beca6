package texts

import (
	"bytes"
	"encoding/csv"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/cell"
	"hailong/internal/survey"
	"hailong/server/audit"
)

// exportTexts gives what the filter finds as CSV, and notes who took it.
func (d Deps) exportTexts(c *fiber.Ctx) error {
	a, err := d.ask(c)
	if err != nil {
		return err
	}
	ctx, found := c.UserContext(), a.found
	at := newFrame(c, "texts.title")
	var out bytes.Buffer
	out.WriteString("\uFEFF")
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	header := []string{}
	for _, key := range []string{"month", "desk", "kind", "comment", "name", "contact", "consent"} {
		header = append(header, at.L.T("texts.column."+key))
	}
	rows := [][]string{header}
	for _, x := range found {
		o, err := d.open(ctx, x)
		if err != nil {
			return err
		}
		kind, comment := "comment", o.words.Comment
		if x.purpose == survey.PurposeContact {
			kind, comment = "contact", o.about.Comment
		}
		if !o.here {
			comment = at.L.T("texts.waits")
		}
		row := []string{monthName(x.month), x.desk.name, at.L.T("texts.kind." + kind), comment, o.words.Name, o.words.Contact, o.words.Consent}
		for i := range row {
			row[i] = cell.Text(row[i])
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	// Noted before it leaves: what can't be noted is not given.
	note := fmt.Sprintf("%d", len(found))
	if err := d.Recorder.Note(ctx, "texts.export", a.unit, audit.Detail{Note: note}); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="gop-y.csv"`)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(out.Bytes())
}
