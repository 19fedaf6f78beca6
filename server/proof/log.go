package proof

import (
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/prooflog"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// logPage says what the log is, and shows its last checkpoint.
type logPage struct {
	httpx.Frame
	Server, Key string
	Has         bool // there is a checkpoint
	Note        string
	Moment      string
	Short, Size string
}

func (d Deps) showLog(c *fiber.Ctx) error {
	last, ok, err := d.Log.Latest(c.UserContext())
	if err != nil {
		return err
	}
	page := logPage{Frame: httpx.NewFrame(c, ""), Server: d.Log.Server(), Has: ok}
	page.Title = page.L.T("log.title")
	if page.Key, err = d.Log.VerifierKey(); err != nil {
		return err
	}
	if ok {
		page.Note, page.Moment, page.Short = last.Note, page.L.Moment(last.At), last.Short()
		page.Size = page.L.Number(int64(last.Size))
	}
	return d.Views.Send(c, fiber.StatusOK, "phone/log", page)
}

// sendCheckpoint gives the last checkpoint, or with ?size= that of a size, as
// the signed text; HL2005 where there is none.
func (d Deps) sendCheckpoint(c *fiber.Ctx) error {
	size, asked, err := number(c, "size")
	if err != nil {
		return err
	}
	checkpoint, ok, err := d.Log.Latest(c.UserContext())
	if asked && err == nil {
		checkpoint, ok, err = d.Log.Sized(c.UserContext(), size)
	}
	if err != nil {
		return err
	}
	if !ok {
		return survey.New(survey.CodeNotFound)
	}
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendString(checkpoint.Note)
}

// consistencyAnswer shows that the log of one size begins with that of another.
type consistencyAnswer struct {
	From uint64   `json:"from"`
	To   uint64   `json:"to"`
	Path [][]byte `json:"consistency_path"` // base64, RFC 6962 section 2.1.2
}

// sendConsistency answers ?from=&to=, which are numbers of leaves; without to,
// that of the last checkpoint.
func (d Deps) sendConsistency(c *fiber.Ctx) error {
	from, asked, err := number(c, "from")
	if err != nil {
		return err
	}
	if !asked {
		return survey.New(survey.CodeMissingField, "from")
	}
	to, asked, err := number(c, "to")
	if err != nil {
		return err
	}
	if !asked {
		last, ok, err := d.Log.Latest(c.UserContext())
		if err != nil {
			return err
		}
		if !ok {
			return survey.New(survey.CodeNotFound)
		}
		to = last.Size
	}
	path, err := d.Log.Consistency(c.UserContext(), from, to)
	if errors.Is(err, prooflog.ErrNoSuchSize) {
		return survey.New(survey.CodeBadField, "from")
	}
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, consistencyAnswer{from, to, path})
}

// number reads a parameter that is a number of leaves.
func number(c *fiber.Ctx, name string) (n uint64, asked bool, err error) {
	text := httpx.Copy(c.Query(name))
	if text == "" {
		return 0, false, nil
	}
	if n, err = strconv.ParseUint(text, 10, 62); err != nil {
		return 0, false, survey.New(survey.CodeBadField, name)
	}
	return n, true, nil
}
