package api

import (
	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
)

// RevokeRequest ends a device's key.
type RevokeRequest struct {
	Key    string `json:"key" doc:"public, 64 hexadecimal digits"`
	Reason string `json:"reason"`
}

// revokeKiosk lets what this server has of the key now count, nothing after.
func (d Deps) revokeKiosk(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	var in RevokeRequest
	if err := httpx.JSON(c, &in); err != nil {
		return err
	}
	key, err := parseKey(in.Key)
	if err != nil {
		return err
	}
	isNew, err := d.Register.Revoke(c.UserContext(), key, in.Reason)
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, Recorded{isNew})
}
