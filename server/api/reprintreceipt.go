package api

import (
	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
)

// ReprintRequest names a dossier by its code.
type ReprintRequest struct {
	Code string `json:"code"`
}

// reprintReceipt gives another receipt for a registered dossier's ballot.
func (d Deps) reprintReceipt(c *fiber.Ctx) error {
	pictures, err := picturesWanted(c)
	if err != nil {
		return err
	}
	var in ReprintRequest
	if err := httpx.JSON(c, &in); err != nil {
		return err
	}
	x, err := d.Register.Reprint(c.UserContext(), in.Code)
	if err != nil {
		return err
	}
	r, err := receiptJSON(x, pictures)
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusCreated, r)
}
