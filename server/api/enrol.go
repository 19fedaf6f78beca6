package api

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/enrolment"
	"hailong/internal/httpx"
	"hailong/server/enrol"
)

// CodeRequest asks for a code by which one device becomes the kiosk.
type CodeRequest struct {
	Kiosk string `json:"kiosk" doc:"code of a kiosk of the organisation"`
}

// EnrolCode is good once.
type EnrolCode struct {
	Code   string `json:"code"`
	Until  string `json:"until" doc:"RFC 3339"`
	Server string `json:"server" doc:"where the device brings it"`
	Pin    string `json:"pin" doc:"SHA256: and 64 hexadecimal digits: of the authority that signs this server's certificate; empty: one that the world knows, or no TLS"`
}

// Enroller lets devices in; *enrol.Enrol is one, and says what each method
// answers.
type Enroller interface {
	Make(ctx context.Context, kiosk string) (code string, until time.Time, err error)
	Challenge() enrolment.Challenge
	Present(ctx context.Context, in enrolment.Presentation, address string) (enrolment.Credential, error)
	Renew(ctx context.Context, in enrolment.Renewal) (enrolment.Credential, error)
}

var _ Enroller = (*enrol.Enrol)(nil)

// RegisterEnrol adds the routes by which devices come in: to the server's address,
// where it is known by the pin of its own authority; zero: it has none.
func RegisterEnrol(app fiber.Router, e Enroller, server string, pin enrolment.Pin) {
	app.Post("/api/v1/kiosks/codes", httpx.Limit(oneBody), func(c *fiber.Ctx) error {
		var in CodeRequest
		if err := only(c, &in); err != nil {
			return err
		}
		code, until, err := e.Make(c.UserContext(), in.Kiosk)
		if err != nil {
			return err
		}
		text, err := pin.MarshalText()
		if err != nil {
			return err
		}
		return secret(c, EnrolCode{Code: code, Until: until.Format(time.RFC3339), Server: server, Pin: string(text)})
	})
	app.Get("/api/v1/kiosks/challenge", func(c *fiber.Ctx) error {
		if _, err := httpx.Query(c); err != nil {
			return err
		}
		return secret(c, e.Challenge())
	})
	app.Post("/api/v1/kiosks/enrol", httpx.Limit(oneBody), func(c *fiber.Ctx) error {
		var in enrolment.Presentation
		if err := only(c, &in); err != nil {
			return err
		}
		out, err := e.Present(c.UserContext(), in, httpx.Address(c).String())
		if err != nil {
			return err
		}
		return secret(c, out)
	})
	app.Post("/api/v1/kiosks/credential", httpx.Limit(oneBody), func(c *fiber.Ctx) error {
		var in enrolment.Renewal
		if err := only(c, &in); err != nil {
			return err
		}
		out, err := e.Renew(c.UserContext(), in)
		if err != nil {
			return err
		}
		return secret(c, out)
	})
}

// only reads a body where the address has no parameters.
func only(c *fiber.Ctx, into any) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	return httpx.JSON(c, into)
}

// secret answers what nothing between may keep.
func secret(c *fiber.Ctx, v any) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return httpx.SendJSON(c, fiber.StatusOK, v)
}
