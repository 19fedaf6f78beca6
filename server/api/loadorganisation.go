package api

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/server/organisation"
)

// OrganisationResult says what loading the file did.
type OrganisationResult struct {
	Recorded  int      `json:"recorded" doc:"entries that were new or differed"`
	Unchanged int      `json:"unchanged"`
	LeftOut   []string `json:"left_out" doc:"codes in force that the file does not have: they stay"`
}

func (d Deps) loadOrganisation(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	if err := isYAML(c); err != nil {
		return err
	}
	// The organisation keeps texts of the file; the body is used anew.
	o, err := organisation.Parse("yaml", bytes.Clone(c.Body()))
	if err != nil {
		return sendFaults(c, err)
	}
	done, err := d.Register.LoadOrganisation(c.UserContext(), o)
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, OrganisationResult{done.Recorded, done.Unchanged, append([]string{}, done.LeftOut...)})
}
