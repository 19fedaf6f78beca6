package api

import (
	"bytes"
	"mime"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/register"
)

// ImportResult is what became of a CSV file's rows.
type ImportResult struct {
	Rows    int           `json:"rows"`
	New     []ImportedRow `json:"new"`
	Already int           `json:"already_registered"`
	Faults  []RowFault    `json:"faults"`
}

// ImportedRow is a dossier that the import registered.
type ImportedRow struct {
	Line    int     `json:"line"`
	Code    string  `json:"code"`
	Receipt Receipt `json:"receipt" doc:"without pictures"`
}

// RowFault says why a row was not taken.
type RowFault struct {
	Line int `json:"line"`
	Fault
}

func (d Deps) importDossiers(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	if base, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); err != nil || base != "text/csv" {
		return survey.New(survey.CodeWrongContentType, "text/csv")
	}
	lines, err := register.ReadCSV(bytes.NewReader(c.Body()))
	if err != nil {
		return err
	}
	done, err := d.Register.ImportCSV(c.UserContext(), lines, nil)
	if err != nil {
		return err
	}
	out := ImportResult{Rows: done.Rows, New: make([]ImportedRow, len(done.New)), Already: done.Already, Faults: make([]RowFault, len(done.Faults))}
	for i, n := range done.New {
		r, err := receiptJSON(n.Registered, false)
		if err != nil {
			return err
		}
		out.New[i] = ImportedRow{Line: n.Line, Code: n.Code, Receipt: *r}
	}
	for i, f := range done.Faults {
		out.Faults[i] = RowFault{Line: f.Line, Fault: *faultJSON(c, f.Fault)}
	}
	return httpx.SendJSON(c, fiber.StatusOK, out)
}
