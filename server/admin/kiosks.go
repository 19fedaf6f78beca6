package admin

import (
	"crypto/ed25519"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/enrolment"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/index"
)

// kiosksPage is the data of the view staff/kiosks.
type kiosksPage struct {
	frame
	Kiosks []kioskLine
}

type kioskLine struct {
	Code, Name, Link, Desk, Unit string
	Class, State                 string
	Heard                        string
}

// kioskPage is the data of the view staff/kiosk.
type kioskPage struct {
	frame
	kioskLine
	Path    string
	Devices []deviceLine
	Today   string // for the form of voids
}

type deviceLine struct {
	Key, Fingerprint, Heard string
	Revoked                 bool
}

func (p *pages) listKiosks(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	all, err := p.Index.Kiosks(c.UserContext())
	if err != nil {
		return err
	}
	data := kiosksPage{frame: newFrame(c, "kiosks", "admin.kiosks.title")}
	for i := range all {
		data.Kiosks = append(data.Kiosks, p.line(data.L, &all[i]))
	}
	return p.Views.Send(c, fiber.StatusOK, "staff/kiosks", data)
}

// line says how a kiosk is: by the devices that may speak for it now.
func (p *pages) line(l locale.Choice, k *index.KioskPlace) kioskLine {
	out := kioskLine{Code: k.Code, Name: k.Name, Link: l.Link("/admin/kiosks/" + url.PathEscape(k.Code)),
		Desk: pick(l, k.DeskName, k.DeskEN, k.Desk), Unit: pick(l, k.UnitName, k.UnitEN, k.Unit), Heard: "–"}
	good, last := 0, time.Time{}
	for _, d := range k.Devices {
		if !d.Revoked {
			good++
		}
		if at := p.heard(&d); at.After(last) {
			last = at
		}
	}
	switch {
	case good == 1:
		out.Class, out.State = "met", l.T("admin.kiosk.in")
	case good > 1:
		out.Class, out.State = "notmet", l.T("admin.kiosk.several", "Count", int64(good))
	case len(k.Devices) > 0:
		out.Class, out.State = "none", l.T("admin.kiosk.revoked")
	default:
		out.Class, out.State = "toofew", l.T("admin.kiosk.none")
	}
	if !last.IsZero() {
		out.Heard = l.Moment(last)
	}
	return out
}

// heard is when a device was last heard of.
func (p *pages) heard(d *index.Device) time.Time {
	last, _ := p.Heard(d.Public)
	if d.Seen.After(last) {
		return d.Seen
	}
	return last
}

// kiosk gives the one that the address names.
func (p *pages) kiosk(c *fiber.Ctx) (index.KioskPlace, error) {
	code := httpx.Param(c, "code")
	all, err := p.Index.Kiosks(c.UserContext())
	if err != nil {
		return index.KioskPlace{}, err
	}
	i := slices.IndexFunc(all, func(k index.KioskPlace) bool { return k.Code == code })
	if i < 0 {
		return index.KioskPlace{}, survey.New(survey.CodeUnknownKiosk, clip(code))
	}
	return all[i], nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

func (p *pages) showKiosk(c *fiber.Ctx) error {
	done, err := doneOf(c)
	if err != nil {
		return err
	}
	k, err := p.kiosk(c)
	if err != nil {
		return err
	}
	return p.kioskPage(c, &k, done, nil)
}

func (p *pages) kioskPage(c *fiber.Ctx, k *index.KioskPlace, done string, fault error) error {
	data := kioskPage{frame: newFrame(c, "kiosks", "admin.kiosks.title"), Path: "/admin/kiosks/" + url.PathEscape(k.Code), Today: p.Index.Today().String()}
	data.kioskLine = p.line(data.L, k)
	data.Title = data.L.T("admin.kiosk.title", "Code", k.Code)
	data.done(done, "revoked")
	for _, d := range k.Devices {
		line := deviceLine{Key: hex.EncodeToString(d.Public), Fingerprint: enrolment.Fingerprint(d.Public), Heard: "–", Revoked: d.Revoked}
		if at := p.heard(&d); !at.IsZero() {
			line.Heard = data.L.Moment(at)
		}
		data.Devices = append(data.Devices, line)
	}
	status, err := data.fail(fault)
	if err != nil {
		return err
	}
	return p.Views.Send(c, status, "staff/kiosk", data)
}

// codePage is the data of the view staff/kiosk-code.
type codePage struct {
	frame
	Code, Command, Until, Kiosk, Back string
	Server, Pin                       string // its address, and fingerprint or ""
	Milli                             int64  // when the code ends, Unix ms
}

func (p *pages) makeCode(c *fiber.Ctx) error {
	if err := empty(c); err != nil {
		return err
	}
	k, err := p.kiosk(c)
	if err != nil {
		return err
	}
	code, until, err := p.Enrol.Make(c.UserContext(), k.Code)
	if err != nil {
		return p.kioskPage(c, &k, "", err)
	}
	data := codePage{frame: newFrame(c, "kiosks", "admin.code.title"), Code: code, Milli: until.UnixMilli(), Kiosk: k.Code + " · " + k.Name,
		Back: "/admin/kiosks/" + url.PathEscape(k.Code), Server: p.Address}
	data.Until = data.L.Clock(until)
	data.Command = "hailong-kiosk enrol --server=" + p.Address
	if p.Pin != (enrolment.Pin{}) {
		data.Command += " --pin=" + p.Pin.String()
		data.Pin = enrolment.Grouped(strings.TrimPrefix(p.Pin.String(), "SHA256:")) // as the device shows it
	}
	data.Command += " --code=" + code
	return p.Views.Send(c, fiber.StatusOK, "staff/kiosk-code", data)
}

func (p *pages) revoke(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "key", "reason")
	if err != nil {
		return err
	}
	k, err := p.kiosk(c)
	if err != nil {
		return err
	}
	public, err := hex.DecodeString(form["key"])
	if err != nil || len(public) != ed25519.PublicKeySize || !slices.ContainsFunc(k.Devices, func(d index.Device) bool { return string(d.Public) == string(public) }) {
		return survey.New(survey.CodeBadField, "key")
	}
	if _, err := p.Register.Revoke(c.UserContext(), public, form["reason"]); err != nil {
		return p.kioskPage(c, &k, "", err)
	}
	return to(c, "/admin/kiosks/"+url.PathEscape(k.Code)+"?done=revoked")
}
