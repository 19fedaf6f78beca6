package page

import (
	"bufio"
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/server/access"
)

// showLive streams what moves at a desk until the browser goes or the server
// stops.
func (d Deps) showLive(c *fiber.Ctx) error {
	code := httpx.Param(c, "code")
	if _, err := d.Index.Desk(c.UserContext(), code, d.Index.Today()); err != nil {
		return err // a page of the catalogue, not a stream that never says anything
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	if c.Method() == fiber.MethodHead {
		return nil // a stream would go out behind the head, and spoil the connection
	}
	still := access.Still(c)
	c.Context().SetBodyStreamWriter(func(out *bufio.Writer) {
		// A page that loses its stream comes back after two seconds.
		if err := d.Hub.stream(out, code, still); err != nil && !errors.Is(err, errEnded) {
			d.Log.Debug("live desk page left", "desk", code, "error", err)
		}
	})
	return nil
}

var errEnded = errors.New("page: the hub ended")

// stream writes what moves at a desk while whoever asked may still see it.
func (h *Hub) stream(out *bufio.Writer, code string, still func(context.Context) bool) error {
	r := h.join(code)
	if r == nil {
		return errEnded
	}
	defer h.leave(code, r)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	if _, err := out.WriteString("retry: 2000\n\n"); err != nil {
		return err
	}
	for {
		if err := out.Flush(); err != nil {
			return err
		}
		select {
		case e, open := <-r.events:
			if !open || !still(context.Background()) {
				return errEnded
			}
			if _, err := out.Write(e); err != nil {
				return err
			}
		case <-beat.C:
			if !still(context.Background()) {
				return errEnded
			}
			if _, err := out.WriteString(": here\n\n"); err != nil {
				return err
			}
		}
	}
}
