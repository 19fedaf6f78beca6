package phone

import (
	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
)

// PrivacyPage says what is collected, why, for how long, and who sees it.
type PrivacyPage struct {
	httpx.Frame
	Comment, Contact string // for how many days these are kept
}

func (p *pages) showPrivacy(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	comments, contacts, err := p.Data.Keeps(c.UserContext())
	if err != nil {
		return err
	}
	page := PrivacyPage{Frame: httpx.NewFrame(c, "")}
	page.Title = page.L.T("privacy.title")
	page.Comment, page.Contact = page.L.Number(int64(comments)), page.L.Number(int64(contacts))
	return p.Views.Send(c, fiber.StatusOK, "phone/privacy", page)
}
