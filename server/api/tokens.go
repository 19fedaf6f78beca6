package api

import (
	"encoding/hex"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/server/access"
	"hailong/server/account"
)

// TokenRequest makes a program's account with a token.
type TokenRequest struct {
	Unit string `json:"unit"`
	Name string `json:"name" doc:"of the program, for people"`
}

// RotateRequest gives a program another token.
type RotateRequest struct {
	ID     string `json:"id" doc:"of the program's account"`
	AtOnce bool   `json:"at_once,omitempty" doc:"those before are good no more; without it, for a day"`
}

// TokenText is a program's token.
type TokenText struct {
	ID    string `json:"id" doc:"of its account"`
	Token string `json:"token" doc:"given this once"`
}

func (a accounts) createToken(c *fiber.Ctx) error {
	var in TokenRequest
	if err := only(c, &in); err != nil {
		return err
	}
	x, err := a.Create(c.UserContext(), account.Particulars{Role: access.Program, Unit: in.Unit, Name: in.Name})
	if err != nil {
		return err
	}
	return a.sendToken(c, fiber.StatusCreated, x.ID, false)
}

func (a accounts) rotateToken(c *fiber.Ctx) error {
	var in RotateRequest
	if err := only(c, &in); err != nil {
		return err
	}
	id, err := accountID(in.ID)
	if err != nil {
		return err
	}
	return a.sendToken(c, fiber.StatusOK, id, in.AtOnce)
}

func (a accounts) sendToken(c *fiber.Ctx, status int, id [16]byte, atOnce bool) error {
	text, err := a.NewToken(c.UserContext(), id, atOnce)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return httpx.SendJSON(c, status, TokenText{ID: hex.EncodeToString(id[:]), Token: text})
}
