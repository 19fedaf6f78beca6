package api

import (
	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// SlipRequest asks for one-time slips.
type SlipRequest struct {
	Unit    string `json:"unit"`
	Desk    string `json:"desk,omitempty"`
	Service string `json:"service,omitempty" doc:"what the desk offers where left out, else public"`
	Count   int    `json:"count" doc:"1 to 1,000"`
}

// Slips are one-time slips, each its own ballot.
type Slips struct {
	Unit  string    `json:"unit" doc:"name of the unit"`
	Desk  string    `json:"desk" doc:"name of the desk, or empty"`
	Slips []Receipt `json:"slips"`
}

func (d Deps) issueSlips(c *fiber.Ctx) error {
	pictures, err := picturesWanted(c)
	if err != nil {
		return err
	}
	var in SlipRequest
	if err := httpx.JSON(c, &in); err != nil {
		return err
	}
	var service survey.Service
	if in.Service != "" {
		if service, err = survey.ParseService(in.Service); err != nil {
			return err
		}
	}
	issued, err := d.Register.IssueSlips(c.UserContext(), in.Unit, in.Desk, service, in.Count)
	if err != nil {
		return err
	}
	names, err := d.Register.NamesOf(c.UserContext(), in.Desk, in.Unit)
	if err != nil {
		return err
	}
	out := Slips{Unit: names.Unit, Desk: names.Desk, Slips: make([]Receipt, len(issued))}
	for i, x := range issued {
		r, err := receiptJSON(x, pictures)
		if err != nil {
			return err
		}
		out.Slips[i] = *r
	}
	return httpx.SendJSON(c, fiber.StatusCreated, out)
}
