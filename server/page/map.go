package page

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"slices"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/survey"
	"hailong/server/index"
)

// maxMap is the greatest map file in bytes.
const maxMap = 16 << 20

// Map is a file of areas, joined with units by code.
type Map struct {
	areas []area
	data  []byte // GeoJSON: shape, code and name of each area, nothing else of the file
	etag  string
}

type area struct{ code, name string }

// geometry of an area in GeoJSON (RFC 7946).
type geometry struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
}

type feature struct {
	Type       string   `json:"type"`
	Geometry   geometry `json:"geometry"`
	Properties struct {
		Code string `json:"code"`
		Name string `json:"name"`
	} `json:"properties"`
}

// LoadMap reads a GeoJSON file: a FeatureCollection of polygons in longitude and
// latitude, each with properties.code, the code of a unit. All faults are told
// at once, each with what to try.
func LoadMap(path string) (*Map, error) {
	const try = "try a GeoJSON file such as that of the communes, with properties.code, or leave --map out"
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--map: %w; %s", err, try)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxMap+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--map=%s: %w; %s", path, err, try)
	case len(data) > maxMap:
		return nil, fmt.Errorf("--map=%s: larger than %d MiB; try simplified boundaries", path, maxMap>>20)
	}
	m, err := parseMap(data)
	if err != nil {
		return nil, fmt.Errorf("--map=%s: %w; %s", path, err, try)
	}
	return m, nil
}

func parseMap(data []byte) (*Map, error) {
	var all struct {
		Type     string    `json:"type"`
		Features []feature `json:"features"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &all); err != nil {
		return nil, fmt.Errorf("not JSON as GeoJSON has it: %w", err)
	}
	if all.Type != "FeatureCollection" {
		return nil, fmt.Errorf("type is %q, not FeatureCollection", all.Type)
	}
	if len(all.Features) == 0 {
		return nil, errors.New("no areas in it")
	}
	m := &Map{}
	var faults []error
	seen := map[string]bool{}
	for i := range all.Features {
		a := &all.Features[i]
		code := a.Properties.Code
		switch err := a.Geometry.check(); {
		case a.Type != "Feature":
			faults = append(faults, fmt.Errorf("area %d: type is %q, not Feature", i+1, a.Type))
		case code == "":
			faults = append(faults, fmt.Errorf("area %d: no properties.code", i+1))
		case seen[code]:
			faults = append(faults, fmt.Errorf("area %d: code %q a second time", i+1, code))
		case err != nil:
			faults = append(faults, fmt.Errorf("area %d (%s): %w", i+1, code, err))
		}
		seen[code] = true
		m.areas = append(m.areas, area{code, a.Properties.Name})
	}
	if len(faults) > 10 {
		faults = append(faults[:10], fmt.Errorf("and %d more", len(faults)-10))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	// The browser is given what is known to be good, and nothing else.
	out, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(out)
	m.data, m.etag = out, `"`+hex.EncodeToString(sum[:8])+`"`
	return m, nil
}

func (g geometry) check() error {
	type ring = [][]float64
	var polygons [][]ring
	var err error
	switch g.Type {
	case "Polygon":
		polygons = make([][]ring, 1)
		err = json.Unmarshal(g.Coordinates, &polygons[0])
	case "MultiPolygon":
		err = json.Unmarshal(g.Coordinates, &polygons)
	default:
		return fmt.Errorf("geometry is %q, not Polygon or MultiPolygon", g.Type)
	}
	if err != nil {
		return errors.New("coordinates are no lists of points")
	}
	points := 0
	for _, p := range polygons {
		for _, r := range p {
			for _, at := range r {
				if len(at) < 2 || at[0] < -180 || at[0] > 180 || at[1] < -90 || at[1] > 90 {
					return errors.New("a point is no longitude and latitude")
				}
				points++
			}
			if len(r) < 4 {
				return errors.New("a ring has fewer than four points")
			}
		}
	}
	if points == 0 {
		return errors.New("no points")
	}
	return nil
}

// mapPage is the data of the view staff/map.
type mapPage struct {
	frame
	picker
	Chart       mapChart
	Lines       []mapLine
	Services    []option
	Met, NotMet string
	TooFew      string
	Unknown     string // areas without a unit
	Away        string // units without an area
	ListLink    string
	ServiceName string
}

// mapLine is one area, as the table says it.
type mapLine struct {
	judged
	Name, Link, Code string
	Known            bool
	order            int
}

// mapChart is what the script needs to draw the map.
type mapChart struct {
	ID          string    `json:"-"`
	Kind        string    `json:"kind"`
	Description string    `json:"description"`
	Areas       string    `json:"areas"` // address of the GeoJSON
	Classes     []mapName `json:"classes"`
	Units       []mapUnit `json:"units"`
}

// JSON is the chart for a block of data; html/template escapes it.
func (c mapChart) JSON() (template.JS, error) {
	b, err := json.Marshal(c)  // escapes <, > and &, so no end tag can stand in it
	return template.JS(b), err // #nosec G203 -- json.Marshal escapes <, > and &
}

type mapName struct {
	Class string `json:"class"`
	Name  string `json:"name"`
}

type mapUnit struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Class string `json:"class"`
	Note  string `json:"note"`
	Link  string `json:"link"`
}

func (d Deps) showMap(c *fiber.Ctx) error {
	if err := known(c, "period", "at", "from", "until", "service"); err != nil {
		return err
	}
	s, err := readSpan(c, d.Index.Today())
	if err != nil {
		return err
	}
	service := survey.ServiceAdministrative
	if v := c.Query("service"); v != "" {
		if service, err = survey.ParseService(v); err != nil {
			return err
		}
	}
	answer, err := d.Index.Query(c.UserContext(), index.Query{Period: s.Period, Service: service})
	if err != nil {
		return err
	}
	p := mapPage{frame: newFrame(c, "province", "province.map.title")}
	w := words{p.L}
	p.Sample, p.Charts = answer.Sample, true
	a := ask{span: s, service: service, sort: "tree"}
	p.picker = w.picker(s, d.Index.Today(), func(o span) string {
		b := a
		b.span = o
		return b.to(p.frame, "/map")
	})
	p.ListLink, p.ServiceName = a.link(p.frame), w.service(service)
	p.Services = w.services(service, false)
	p.join(w, a, d.Map, answer.Rows, answer.Least)
	return d.Views.Send(c, fiber.StatusOK, "staff/map", p)
}

// join puts units and areas together by code.
func (p *mapPage) join(w words, a ask, m *Map, rows []index.Row, least int64) {
	by := map[string]*index.Row{}
	js := make([]*index.Judged, 0, len(rows))
	for i := range rows {
		by[rows[i].Unit.Code] = &rows[i]
	}
	for _, x := range m.areas {
		if r := by[x.code]; r != nil {
			js = append(js, &r.Judged)
		}
	}
	from := scale(least, js...)
	p.Chart = mapChart{Kind: "map", Description: w.T("province.map.describe", "Days", p.Days), Areas: "/map/areas.geojson?" + m.etag[1:len(m.etag)-1]}
	for _, v := range []survey.Verdict{survey.VerdictMet, survey.VerdictNotMet, survey.VerdictTooFew, 0} {
		x := w.verdict(v)
		p.Chart.Classes = append(p.Chart.Classes, mapName{x.Class, x.Text})
	}
	p.Chart.Classes[3].Name = w.T("province.map.unknown")
	var unknown int64
	counted := map[survey.Verdict]int64{}
	found := map[string]bool{}
	for _, x := range m.areas {
		r := by[x.code]
		if r == nil {
			unknown++
			p.Lines = append(p.Lines, mapLine{Name: x.name, Code: x.code, order: 9})
			p.Chart.Units = append(p.Chart.Units, mapUnit{Code: x.code, Name: x.name, Class: "none", Note: x.name + "\n" + p.Chart.Classes[3].Name})
			continue
		}
		found[x.code] = true
		counted[r.Verdict]++
		l := mapLine{judged: w.judged(&r.Judged, from), Name: w.unit(r.Unit), Code: x.code, Known: true,
			Link: w.unitLink(p.frame, a.span, x.code, a.service), order: order(r.Verdict)}
		p.Lines = append(p.Lines, l)
		p.Chart.Units = append(p.Chart.Units, mapUnit{x.code, l.Name, l.Verdict.Class,
			w.T("province.map.note", "Unit", l.Name, "Rate", l.Rate, "Answers", l.Answers, "Interval", l.Interval, "Target", l.Target, "Verdict", l.Verdict.Text), l.Link})
	}
	slices.SortStableFunc(p.Lines, func(x, y mapLine) int { return cmp.Compare(x.order, y.order) })
	away := int64(len(by) - len(found))
	p.Met, p.NotMet, p.TooFew = w.Number(counted[survey.VerdictMet]), w.Number(counted[survey.VerdictNotMet]), w.Number(counted[survey.VerdictTooFew])
	if unknown > 0 {
		p.Unknown = w.Number(unknown)
	}
	if away > 0 {
		p.Away = w.Number(away)
	}
}

// sendAreas sends the boundaries; their address changes with them.
func (d Deps) sendAreas(c *fiber.Ctx) error {
	c.Set(fiber.HeaderETag, d.Map.etag)
	c.Set(fiber.HeaderCacheControl, "private, max-age=86400")
	if c.Get(fiber.HeaderIfNoneMatch) == d.Map.etag {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, "application/geo+json")
	return c.Send(d.Map.data)
}
