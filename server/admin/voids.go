package admin

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// voidsPage is the data of the view staff/voids.
type voidsPage struct {
	frame
	Kiosks              []option
	From, Until, Reason string // as typed
	Ask                 string // what would be void, before it is said once more; "": nothing was asked
	Nothing             bool   // was given then
	Kiosk               string // of which that is
	Voids               []voidLine
}

type voidLine struct {
	Kiosk, Run, Origin, Reason, At, Ratings string
	First, Last                             string
	Lifted                                  bool
}

// minute is how a browser's field of day and time writes it.
const minute = "2006-01-02T15:04"

func (p *pages) listVoids(c *fiber.Ctx) error {
	query, err := httpx.Query(c, "done", "kiosk")
	if err != nil {
		return err
	}
	data := voidsPage{Kiosk: query["kiosk"]}
	return p.voids(c, data, query["done"], nil)
}

// voids shows what is void, and the form, with what was typed or was wrong.
func (p *pages) voids(c *fiber.Ctx, data voidsPage, done string, fault error) error {
	ctx := c.UserContext()
	kiosks, err := p.Index.Kiosks(ctx)
	if err != nil {
		return err
	}
	all, err := p.Register.Voids(ctx)
	if err != nil {
		return err
	}
	data.frame = newFrame(c, "voids", "admin.voids.title")
	data.done(done, "void", "lifted")
	for _, k := range kiosks {
		data.Kiosks = append(data.Kiosks, option{k.Code, k.Code + " · " + k.Name, k.Code == data.Kiosk})
	}
	for _, v := range all {
		l := voidLine{Kiosk: v.Kiosk, Origin: v.Origin.String(), First: strconv.FormatUint(v.First, 10), Last: strconv.FormatUint(v.Last, 10),
			Reason: v.Reason, At: data.L.Moment(v.At), Ratings: data.L.Number(v.Ratings), Lifted: v.Lifted}
		l.Run = l.First + "–" + l.Last
		data.Voids = append(data.Voids, l)
	}
	status, err := data.fail(fault)
	if err != nil {
		return err
	}
	return p.Views.Send(c, status, "staff/voids", data)
}

// voidTime says first how many ratings it would be about, and records once that
// was confirmed.
func (p *pages) voidTime(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "kiosk", "from", "until", "reason", "sure")
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	data := voidsPage{Kiosk: form["kiosk"], From: form["from"], Until: form["until"], Reason: form["reason"]}
	from, err1 := time.ParseInLocation(minute, form["from"], survey.Zone)
	until, err2 := time.ParseInLocation(minute, form["until"], survey.Zone)
	if err1 != nil || err2 != nil {
		bad := form["from"]
		if err1 == nil {
			bad = form["until"]
		}
		return p.voids(c, data, "", survey.New(survey.CodeBadDate, clip(bad)))
	}
	if form["sure"] == "" {
		runs, err := p.Register.Given(ctx, data.Kiosk, from, until)
		if err != nil {
			return p.voids(c, data, "", err)
		}
		n := int64(0)
		for _, r := range runs {
			n += int64(r.Ratings)
		}
		l := httpx.Language(c)
		data.Ask = l.T("admin.void.ask", "Count", n, "Kiosk", data.Kiosk, "From", l.Moment(from), "Until", l.Moment(until))
		if n == 0 {
			data.Ask, data.Nothing = "", true
		}
		return p.voids(c, data, "", nil)
	}
	if _, err := p.Register.VoidTime(ctx, data.Kiosk, from, until, form["reason"]); err != nil {
		return p.voids(c, data, "", err)
	}
	return to(c, "/admin/voids?done=void")
}

func (p *pages) lift(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "origin", "first", "last", "reason")
	if err != nil {
		return err
	}
	origin, err := fact.ParseOriginID(form["origin"])
	if err != nil {
		return survey.New(survey.CodeBadField, "origin")
	}
	first, err1 := strconv.ParseUint(form["first"], 10, 63)
	last, err2 := strconv.ParseUint(form["last"], 10, 63)
	if err1 != nil || err2 != nil {
		return survey.New(survey.CodeBadField, "first")
	}
	if _, err := p.Register.Void(c.UserContext(), origin, first, last, form["reason"], true); err != nil {
		return p.voids(c, voidsPage{}, "", err)
	}
	return to(c, "/admin/voids?done=lifted")
}
