package api

import (
	"bytes"
	"mime"
	"slices"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/organisation"
	"hailong/server/yamlfile"
)

// OrganisationResult says what loading the file did.
type OrganisationResult struct {
	Recorded  int      `json:"recorded" doc:"entries that were new or differed"`
	Unchanged int      `json:"unchanged"`
	LeftOut   []string `json:"left_out" doc:"codes in force that the file does not have: they stay"`
}

// OrganisationProblem is the answer to a file with faults: nothing was loaded.
type OrganisationProblem struct {
	Fault
	Faults []OrganisationFault `json:"faults"`
}

// OrganisationFault is one fault of the file, in Vietnamese.
type OrganisationFault struct {
	Line    int    `json:"line" doc:"from 1; 0: the file as a whole"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Try     string `json:"try"`
}

// yamlTypes are the content types that YAML is sent as.
var yamlTypes = []string{"application/yaml", "application/x-yaml", "text/yaml"}

func (d Deps) loadOrganisation(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	if base, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); err != nil || !slices.Contains(yamlTypes, base) {
		return survey.New(survey.CodeWrongContentType, yamlTypes[0])
	}
	// The organisation keeps texts of the file; the body is used anew.
	o, err := organisation.Parse("yaml", bytes.Clone(c.Body()))
	if faults := yamlfile.Faults(err); len(faults) > 0 {
		out := OrganisationProblem{Fault: *faultJSON(c, survey.ErrorOf(err))}
		for _, f := range faults {
			out.Faults = append(out.Faults, OrganisationFault{f.Line, f.Column, f.Message, f.Try})
		}
		return httpx.SendJSON(c, survey.CodeOf(err).Status(), out)
	}
	if err != nil {
		return err
	}
	done, err := d.Register.LoadOrganisation(c.UserContext(), o)
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, OrganisationResult{done.Recorded, done.Unchanged, append([]string{}, done.LeftOut...)})
}
