package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/cell"
	"hailong/internal/httpx"
)

// inFile bounds how many acts one file has: some seconds, some megabytes.
const inFile = 10_000

// file gives what the filter finds as CSV, the newest first, and notes who took it.
func (d Deps) file(c *fiber.Ctx) error {
	f, err := filter(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	l := httpx.Language(c)
	var out bytes.Buffer
	out.WriteString("\uFEFF")
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	var header []string
	for _, key := range []string{"time", "action", "subject", "who", "account", "via", "from", "note", "changes", "state", "origin", "number", "hash"} {
		header = append(header, l.T("audit.column."+key))
	}
	rows := [][]string{header}
	for {
		found, err := d.Log.Find(ctx, f, inFile-len(rows)+1)
		if err != nil {
			return err
		}
		for i := range found.Entries {
			e := &found.Entries[i]
			account := ""
			if e.Account != [16]byte{} {
				account = hex.EncodeToString(e.Account[:])
			}
			rows = append(rows, []string{
				e.At.UTC().Format("2006-01-02T15:04:05.000Z"), e.Action, e.Subject, e.Detail.Name, account, Way(e.Via), e.Detail.From, e.Detail.Note,
				changes(e.Detail), string(e.State), e.Origin.String(), strconv.FormatUint(e.Number, 10), e.Hash.String(),
			})
		}
		f.After = found.Next
		if f.After == (Cursor{}) {
			break
		}
		if len(rows) > inFile { // the file says that it is not all
			rows = append(rows, []string{l.T("audit.file.cut", "Count", inFile)})
			break
		}
	}
	count := len(rows) - 1
	for _, r := range rows {
		for i := range r {
			r[i] = cell.Text(r[i])
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	// Noted before it leaves: what can't be noted is not given.
	if err := d.Note(ctx, "audit.export", "", Detail{Note: strconv.Itoa(count)}); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="nhat-ky.csv"`)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(out.Bytes())
}

// changes writes what was and what is into one cell.
func changes(d Detail) string {
	var b strings.Builder
	for _, c := range d.Changes {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(strings.TrimSpace(c.Kind + " " + c.Thing))
		sep := ": "
		for _, f := range c.Fields() {
			switch {
			case len(c.Before) == 0 && Plain(f.After) != "":
				b.WriteString(sep + f.Name + "=" + Plain(f.After))
			case f.Differs:
				b.WriteString(sep + f.Name + "=" + Plain(f.Before) + "→" + Plain(f.After))
			default:
				continue
			}
			sep = ", "
		}
	}
	if d.More > 0 {
		b.WriteString("; +" + strconv.Itoa(d.More))
	}
	return b.String()
}
