package api

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/register"
)

// Dossier is one to be registered. Times are RFC 3339 with their offset, or
// 23/11/2026 09:30 of Vietnam.
type Dossier struct {
	Code      string `json:"code"`
	Desk      string `json:"desk" doc:"code of the receiving desk"`
	Unit      string `json:"unit,omitempty" doc:"code of the settling authority; the desk's own where left out"`
	Service   string `json:"service,omitempty" doc:"administrative or public; what the desk offers where left out"`
	Field     string `json:"field,omitempty" doc:"lĩnh vực"`
	Procedure string `json:"procedure,omitempty" doc:"thủ tục hành chính"`
	Officer   string `json:"officer,omitempty" doc:"code, not name, of the officer who received it"`
	Received  string `json:"received"`
	Due       string `json:"due,omitempty" doc:"a day alone ends with that day"`
}

func (d Dossier) row() register.Row { return register.Row(d) }

// DossierList is many dossiers, at most 1,000.
type DossierList struct {
	Dossiers []Dossier `json:"dossiers"`
}

// dossierRequest is a Dossier or a DossierList.
type dossierRequest struct {
	Code      string    `json:"code"`
	Desk      string    `json:"desk"`
	Unit      string    `json:"unit"`
	Service   string    `json:"service"`
	Field     string    `json:"field"`
	Procedure string    `json:"procedure"`
	Officer   string    `json:"officer"`
	Received  string    `json:"received"`
	Due       string    `json:"due"`
	Dossiers  []Dossier `json:"dossiers"`
}

// DossierResult is what became of one dossier.
type DossierResult struct {
	Code    string   `json:"code"`
	Status  string   `json:"status" enum:"registered,already_registered,refused"`
	Receipt *Receipt `json:"receipt,omitempty" doc:"of a registered one"`
	Error   *Fault   `json:"error,omitempty" doc:"of any other"`
}

// DossierResults are in the order of the request.
type DossierResults struct {
	Registered int             `json:"registered"`
	Already    int             `json:"already_registered"`
	Refused    int             `json:"refused"`
	Results    []DossierResult `json:"results"`
}

// few refuses a body that is no list of at most MaxDossiers entries before it is
// decoded: a million empty objects are 3 MB, and hundreds once they are values.
func few(c *fiber.Ctx) error {
	const commas = 64 // of an entry, texts and all; far more than it has fields
	if bytes.Count(c.Body(), []byte(",")) > commas*register.MaxDossiers {
		return survey.New(survey.CodeTooMany, register.MaxDossiers)
	}
	return nil
}

// registerDossiers answers one dossier with its result or the error itself, and
// many with a result for each: 422 only where none was taken or known.
func (d Deps) registerDossiers(c *fiber.Ctx) error {
	pictures, err := picturesWanted(c)
	if err != nil {
		return err
	}
	if err := few(c); err != nil {
		return err
	}
	var in dossierRequest
	if err := httpx.JSON(c, &in); err != nil {
		return err
	}
	single := Dossier{in.Code, in.Desk, in.Unit, in.Service, in.Field, in.Procedure, in.Officer, in.Received, in.Due}
	many := in.Dossiers != nil
	if many && single != (Dossier{}) {
		return survey.New(survey.CodeBadField, "dossiers")
	}
	if !many {
		in.Dossiers = []Dossier{single}
	}
	rows := make([]register.Row, len(in.Dossiers))
	for i := range rows {
		rows[i] = in.Dossiers[i].row()
	}
	results, err := d.Register.Register(c.UserContext(), rows)
	if err != nil {
		return err
	}
	if !many && results[0].Fault != nil {
		return results[0].Fault
	}
	out := DossierResults{Results: make([]DossierResult, len(results))}
	for i, r := range results {
		o := DossierResult{Code: r.Code, Error: faultJSON(c, r.Fault)}
		switch {
		case r.Fault == nil:
			o.Status = "registered"
			out.Registered++
			if o.Receipt, err = receiptJSON(r.Registered, pictures); err != nil {
				return err
			}
		case r.Fault.Code == survey.CodeDossierRegistered:
			o.Status = "already_registered"
			out.Already++
		default:
			o.Status = "refused"
			out.Refused++
		}
		out.Results[i] = o
	}
	switch {
	case !many:
		return httpx.SendJSON(c, fiber.StatusCreated, out.Results[0])
	case out.Refused == len(results):
		return httpx.SendJSON(c, fiber.StatusUnprocessableEntity, out)
	}
	return httpx.SendJSON(c, fiber.StatusOK, out)
}
