package page_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/page"
)

// mapped reads a map from a file with that content.
func mapped(t *testing.T, content string) (*page.Map, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "map.geojson")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return page.LoadMap(path)
}

func provinceSite(t *testing.T) *site {
	t.Helper()
	m, err := mapped(t, square("16681", "16690", "16744", "99999"))
	if err != nil {
		t.Fatal(err)
	}
	use, fill := withClosed(t)
	s := newSite(t, use, func(d *page.Deps) { d.Map = m })
	s.fillProvince()
	fill(s)
	return s
}

// TestProvincePages: each page of Sở Nội vụ and the board in both languages,
// with its words, nothing inline and no key of a catalogue for a word.
func TestProvincePages(t *testing.T) {
	s := provinceSite(t)
	for path, want := range map[string][2]string{
		"/":                                      {"Cấp dưới: 6 đơn vị", "Below: 6 units"},
		"/?sort=rank":                            {"Theo nhóm", "By band"},
		"/?verdict=not_met":                      {"chắc chắn chưa đạt", "surely not met"},
		"/?unit=VINH":                            {"Phường Bến Thủy", "Phường Bến Thủy"},
		"/?period=month":                         {"So với Tháng 10/2026", "Compared with October 2026"},
		"/?kind=phuong&sort=change":              {"tháng 11/2026", "11/2026"},
		"/unit/VINH":                             {"Các đơn vị cấp dưới", "Units below"},
		"/unit/VINH?service=public":              {"Sự nghiệp công", "Public"},
		"/unit/SXD":                              {"Theo bộ phận tiếp nhận", "By receiving desk"},
		"/unit/STNMT?period=year":                {"Thấp hơn kỳ trước", "below the period before"},
		"/unit/H41?period=day":                   {"Chưa có đủ năm phiếu để vẽ", "not yet five ballots"},
		"/unit/H41":                              {"Cấp dưới: 13 đơn vị", "Below: 13 units"},
		"/unit/SXD?period=quarter&at=2025-06-30": {"Chín chỉ số (Nghị định 61/2018", "nine indicators (Nghị định 61/2018"},
		"/unit/SXD?period=quarter&at=2025-07-01": {"không áp dụng cho kỳ này", "do not hold for this period"},
		"/compare":                               {"Toàn tỉnh", "The whole province"},
		"/compare?a=SGTVT&b=STNMT":               {"A cao hơn B", "points above B"},
		"/compare?a=STNMT&b=SGTVT":               {"A thấp hơn B", "points below B"},
		"/compare?a=SKHDT&b=SGTVT":               {"Chưa thể nói A hay B hơn", "cannot be told"},
		"/compare?a=SGTVT&from=2026-02-28&until=2026-02-28&from_b=2024-02-29&until_b=2024-02-29": {"29/02/2024", "29 Feb 2024"},
		"/map":                   {"1 vùng trên bản đồ không có đơn vị", "1 areas of the map have no unit"},
		"/map?service=public":    {"Chưa có số liệu", "No figures yet"},
		"/board/VINH":            {"Cứ 100 người trả lời thì", "Of every 100 people"},
		"/board/BVDK":            {"phiếu được tính", "ballots counted"},
		"/board/H41":             {"Chưa có đủ năm phiếu để công bố", "not yet five ballots to publish"},
		"/board/VINH?part=board": {"Cập nhật lúc", "Updated"},
	} {
		for i, lang := range []string{"vi", "en"} {
			separator := "?"
			if strings.Contains(path, "?") {
				separator = "&"
			}
			status, body := s.get(path + separator + "lang=" + lang)
			if status != http.StatusOK || !strings.Contains(body, want[i]) {
				t.Errorf("%s in %s: %d, lacks %q", path, lang, status, want[i])
			}
			if m := inline.FindString(body); m != "" {
				t.Errorf("%s has inline %q", path, m)
			}
			for _, m := range regexp.MustCompile(`[^"/](staff|province|board)\.[a-z0-9.]+`).FindAllString(body, 3) {
				if !strings.HasSuffix(m, ".css") && !strings.HasSuffix(m, ".js") {
					t.Errorf("%s in %s shows the key %q", path, lang, m)
				}
			}
			if strings.Contains(body, "NaN") || strings.Contains(body, "%!") {
				t.Errorf("%s in %s: %.300s", path, lang, body)
			}
		}
	}
}

// TestBoardSaysLittle: a public board names no officer, no comment and nothing
// of the inside, and is not for search engines to keep from people.
func TestBoardSaysLittle(t *testing.T) {
	s := provinceSite(t)
	_, body := s.get("/board/VINH")
	for _, word := range []string{"/desk/", "/status", "MC-VINH", "noindex", "cán bộ"} {
		if strings.Contains(body, word) {
			t.Errorf("the board says %q", word)
		}
	}
}

// TestProvinceBadInput: what is asked wrongly is a page of the catalogue, 4xx.
func TestProvinceBadInput(t *testing.T) {
	s := provinceSite(t)
	for path, want := range map[string]survey.Code{
		"/?verdict=good":                                       survey.CodeBadField,
		"/?verdict=met&verdict=met":                            survey.CodeUnknownParameter,
		"/?period=quarter&at=2027-01-01":                       survey.CodeNotYet,
		"/?from=2026-11-24&until=2026-11-24":                   survey.CodeNotYet,
		"/?from=2012-01-01&until=2026-01-01":                   survey.CodeRangeTooLong,
		"/?period=day&at=2023-02-29":                           survey.CodeBadDate,
		"/?sort=-tree2":                                        survey.CodeBadField,
		"/unit/nowhere":                                        survey.CodeUnknownUnit,
		"/unit/VINH?service=x":                                 survey.CodeUnknownService,
		"/unit/VINH?by=mood":                                   survey.CodeBadField,
		"/unit/VINH?colour=red":                                survey.CodeUnknownParameter,
		"/unit/VINH?period=year&at=2030-01-01":                 survey.CodeNotYet,
		"/unit/%27%20OR%201=1":                                 survey.CodeUnknownUnit,
		"/compare?a=nowhere":                                   survey.CodeUnknownUnit,
		"/compare?a=VINH&b=nowhere":                            survey.CodeUnknownUnit,
		"/compare?a=VINH&from_b=2026-01-01":                    survey.CodeBadDate,
		"/compare?a=VINH&from_b=2026-03-01&until_b=2026-02-01": survey.CodeFromAfterTo,
		"/compare?a=VINH&from_b=2027-03-01&until_b=2027-03-02": survey.CodeNotYet,
		"/compare?a=VINH&from_b=2002-03-01&until_b=2026-03-02": survey.CodeRangeTooLong,
		"/compare?c=VINH":                                      survey.CodeUnknownParameter,
		"/map?service=":                                        "",
		"/map?unit=VINH":                                       survey.CodeUnknownParameter,
		"/map?period=decade":                                   survey.CodeBadField,
		"/board/nowhere":                                       survey.CodeUnknownUnit,
		"/board/VINH?period=year":                              survey.CodeUnknownParameter,
	} {
		status, body := s.get(path)
		if want == "" {
			if status != http.StatusOK {
				t.Errorf("%s: %d", path, status)
			}
			continue
		}
		if status < 400 || status >= 500 || !strings.Contains(body, string(want)) {
			t.Errorf("%s: %d, want %s: %.300s", path, status, want, body)
		}
	}
	bare := newSite(t)
	if status, _ := bare.get("/map"); status != http.StatusNotFound {
		t.Errorf("a map without a file: %d", status)
	}
}

// TestEdges: one day, a leap day, the last day before today's and ten years give
// what the index has of them.
func TestEdges(t *testing.T) {
	s := provinceSite(t)
	leap := survey.NewDay(2024, time.February, 29)
	// Two blocks of one day each, at the day's two ends of the time zone.
	s.write(row(insertBlock, 2, leap, leap, 0, 0, 0, 0, 40, 40, 40, 0), row(insertCellDay, 2, leap, 0, 0, 0, 0, 40, 40, 40, 0),
		row(insertBlock, 2, leap+1, leap+1, 40, 0, 0, 0, 0, 40, 40, 0), row(insertCellDay, 2, leap+1, 40, 0, 0, 0, 0, 40, 40, 0))
	for path, want := range map[string]string{
		"/unit/VPUB?from=2024-02-29&until=2024-02-29": "100,0%",
		"/unit/VPUB?from=2024-03-01&until=2024-03-01": "0,0%",
		"/unit/VPUB?from=2024-02-28&until=2024-03-01": "50,0%",
		"/unit/VPUB?period=day&at=2024-02-29":         "29/02/2024",
		"/unit/VPUB?period=month&at=2024-02-15":       "100,0%",
		"/unit/VPUB?from=2016-11-25&until=2026-11-23": "25/11/2016 – 23/11/2026",
		"/compare?a=VPUB&period=month&at=2024-03-01":  "01/02/2024 – 29/02/2024",
	} {
		if status, body := s.get(path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d lacks %q: %.1200s", path, status, want, body)
		}
	}
}

// TestMapFile: a file that is no map is refused at the start, with every fault
// and what to try.
func TestMapFile(t *testing.T) {
	for content, want := range map[string]string{
		"":                    "not JSON",
		"[]":                  "not JSON",
		`{"type":"Topology"}`: `"Topology", not FeatureCollection`,
		`{"type":"FeatureCollection","features":[]}`: "no areas",
		square("1", "1"): `code "1" a second time`,
		square("1", ""):  "area 2: no properties.code",
		strings.Replace(square("1"), "Polygon", "Point", 1):             `"Point", not Polygon`,
		strings.Replace(square("1"), "[105,18]", "[1105,18]", 1):        "no longitude and latitude",
		strings.Replace(square("1"), "[105,18]", `"x"`, 1):              "no lists of points",
		strings.Replace(square("1"), "[105.1,18],[105.1,18.1],", "", 1): "fewer than four points",
	} {
		_, err := mapped(t, content)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "; try ") {
			t.Errorf("%.60q: %v, want %q", content, err, want)
		}
	}
	if _, err := page.LoadMap(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "--map") || !strings.Contains(err.Error(), "; try ") {
		t.Error(err)
	}
}

// TestMapSaysWhatTableSays: the areas and verdicts of the map are those of the
// table beside it, and the boundaries are sent once.
func TestMapSaysWhatTableSays(t *testing.T) {
	s := provinceSite(t)
	_, body := s.get("/map")
	for _, code := range []string{"16681", "16690", "16744", "99999"} {
		if !strings.Contains(body, `"code":"`+code+`"`) || !strings.Contains(body, "<small>"+code+"</small>") {
			t.Errorf("%s is not in both", code)
		}
	}
	address := regexp.MustCompile(`"areas":"([^"]+)"`).FindStringSubmatch(body)
	if address == nil {
		t.Fatal("no address of the boundaries")
	}
	response, err := http.Get(s.base + address[1])
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/geo+json" || response.Header.Get("ETag") == "" {
		t.Error(response.StatusCode, response.Header)
	}
	request, err := http.NewRequest(http.MethodGet, s.base+address[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("If-None-Match", response.Header.Get("ETag"))
	again, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Body.Close()
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %d", again.StatusCode)
	}
}

// TestMapOfTheProvince joins the boundaries that stand beside the repository, if
// they are there.
func TestMapOfTheProvince(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "data", "nghe-an-communes-2025.geojson")
	if _, err := os.Stat(path); os.IsNotExist(err) {
		t.Skipf("%s is not there: the boundaries of Nghệ An are other people's data, and not part of the repository", path)
	}
	m, err := page.LoadMap(path)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(d *page.Deps) { d.Map = m })
	s.fillProvince()
	_, body := s.get("/map")
	if n := strings.Count(body, `"code":"`); n != 130 {
		t.Errorf("%d areas, want 130", n)
	}
	if !strings.Contains(body, "124 vùng trên bản đồ") {
		t.Errorf("of 130 areas six have figures: %.300s", body[strings.Index(body, "vùng trên"):])
	}
}
