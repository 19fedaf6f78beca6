package api

import (
	"encoding/hex"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// DecideRequest names the branch that counts at a fork, as /status shows it.
type DecideRequest struct {
	Origin string `json:"origin" doc:"32 hexadecimal digits"`
	Number uint64 `json:"number"`
	Hash   string `json:"hash" doc:"of the fact there that counts, 64 hexadecimal digits"`
	Reason string `json:"reason"`
}

func (d Deps) decideFork(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	var in DecideRequest
	if err := httpx.JSON(c, &in); err != nil {
		return err
	}
	origin, err := fact.ParseOriginID(in.Origin)
	if err != nil {
		return survey.Wrap(survey.CodeBadField, err, "origin")
	}
	var hash fact.Hash
	if b, err := hex.DecodeString(in.Hash); err != nil || len(b) != len(hash) {
		return survey.New(survey.CodeBadField, "hash")
	} else {
		copy(hash[:], b)
	}
	isNew, err := d.Register.Decide(c.UserContext(), origin, in.Number, hash, in.Reason)
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, Recorded{isNew})
}
