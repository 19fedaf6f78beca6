package api

import (
	"crypto/ed25519"
	"encoding/hex"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// AdmitRequest lets a device's ratings count, as the kiosk named.
type AdmitRequest struct {
	Kiosk string `json:"kiosk"`
	Key   string `json:"key" doc:"its public key, 64 hexadecimal digits"`
}

// Recorded says whether a fact was recorded, or held already.
type Recorded struct {
	New bool `json:"new"`
}

func (d Deps) admitKiosk(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	var in AdmitRequest
	if err := httpx.JSON(c, &in); err != nil {
		return err
	}
	key, err := parseKey(in.Key)
	if err != nil {
		return err
	}
	isNew, err := d.Register.Admit(c.UserContext(), in.Kiosk, key)
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, Recorded{isNew})
}

func parseKey(text string) (ed25519.PublicKey, error) {
	if text == "" {
		return nil, survey.New(survey.CodeMissingField, "key")
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, survey.New(survey.CodeBadField, "key")
	}
	return key, nil
}
