package page_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hailong/internal/survey"
)

func (s *site) get(path string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequest(http.MethodGet, s.base+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

var inline = regexp.MustCompile(`(?i)<[^>]*\s(style|on[a-z]+)\s*=|<style`)

// TestPages: every page renders in both languages, at once from many, with its
// words and without anything inline that the policy forbids.
func TestPages(t *testing.T) {
	s := newSite(t)
	s.fill()
	pages := map[string][2]string{
		"/":                               {"Quý 4/2026", "Quarter 4 of 2026"},
		"/province?period=year":           {"Năm 2026", "2026"},
		"/?period=month&at=2026-10-01":    {"Tháng 10/2026", "October 2026"},
		"/?period=week":                   {"Tuần từ 23/11/2026", "Week of 23 Nov 2026"},
		"/?period=day&sort=-answers":      {"Ngày 23/11/2026", "23 Nov 2026"},
		"/?from=2026-10-05&until=2026-10": {"HL3001", "HL3001"},
		"/?from=2026-10-05&until=2026-10-05&kind=xa":      {"05/10/2026", "5 Oct 2026"},
		"/?unit=H41.07&service=administrative&sort=rate":  {"UBND Thành phố Vinh", "People&#39;s Committee of Vinh City"},
		"/?period=day&at=1999-01-01&service=public":       {"Sự nghiệp công", "Public"},
		"/?from=2016-12-01&until=2026-11-30&sort=verdict": {"Khoảng tự chọn", "Chosen days"},
		"/?sort=-participation":                           {"Tham gia", "Participation"},
		"/desk":                                           {"Bộ phận một cửa", "One-stop desks"},
		"/desk/DH41.07":                                   {"Số phiếu hôm nay", "Ballots today"},
		"/desk/DH41.07.19":                                {"Những câu trả lời gần đây nhất", "The latest answers"},
		"/desk/DH41.07.31":                                {"Vì sao, 30 ngày", "Why, 30 days"},
		"/desk/DH41.07?part=figures":                      {"Hài lòng hôm nay", "Satisfied today"},
		"/desk/DH41.02?part=kiosks":                       {"Quầy 2: chưa có tin nào", "Quầy 2: nothing heard yet"},
		"/status":                                         {"Vận hành", "Operations"},
	}
	var wait sync.WaitGroup
	for path, want := range pages {
		for i, lang := range []string{"vi", "en"} {
			for range 3 {
				wait.Go(func() {
					separator := "?"
					if strings.Contains(path, "?") {
						separator = "&"
					}
					_, body := s.get(path + separator + "lang=" + lang)
					if !strings.Contains(body, want[i]) {
						t.Errorf("%s in %s lacks %q:\n%.2000s", path, lang, want[i], body)
					}
					if m := inline.FindString(body); m != "" {
						t.Errorf("%s has inline %q", path, m)
					}
					if strings.Contains(body, "staff.") && !strings.Contains(want[i], "HL") {
						for _, m := range regexp.MustCompile(`[^"/]staff\.[a-z.]+`).FindAllString(body, 3) {
							if !strings.HasSuffix(m, ".css") && !strings.HasSuffix(m, ".js") {
								t.Errorf("%s in %s shows the key %q", path, lang, m)
							}
						}
					}
				})
			}
		}
	}
	wait.Wait()
}

// TestEmpty: pages of an empty database say so.
func TestEmpty(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/", "/desk", "/status"} {
		if status, body := s.get(path); status != http.StatusOK || strings.Contains(body, "NaN") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// TestBadInput: what is asked wrongly is told with a code, never 500.
func TestBadInput(t *testing.T) {
	s := newSite(t)
	s.fill()
	for path, want := range map[string]survey.Code{
		"/?period=decade":                      survey.CodeBadField,
		"/?period=day&at=2026-02-30":           survey.CodeBadDate,
		"/?from=2026-03-01&until=2026-02-01":   survey.CodeFromAfterTo,
		"/?from=2001-01-01&until=2026-01-01":   survey.CodeRangeTooLong,
		"/?from=2026-01-01":                    survey.CodeBadDate,
		"/?unit=nowhere":                       survey.CodeUnknownUnit,
		"/?kind=nothing":                       survey.CodeBadField,
		"/?service=x":                          survey.CodeUnknownService,
		"/?sort=colour":                        survey.CodeBadField,
		"/?colour=red":                         survey.CodeUnknownParameter,
		"/desk/nowhere":                        survey.CodeUnknownDesk,
		"/desk/nowhere/live":                   survey.CodeUnknownDesk,
		"/desk/nowhere?part=kiosks":            survey.CodeUnknownDesk,
		"/desk/DH41.07?part=all":               survey.CodeBadField,
		"/desk/" + url.PathEscape("<script>é"): survey.CodeUnknownDesk,
	} {
		status, body := s.get(path)
		if status < 400 || status >= 500 || !strings.Contains(body, string(want)) {
			t.Errorf("%s: %d, want %s: %s", path, status, want, body)
		}
	}
}

// follow reads a desk's stream until what arrives satisfies ok.
func (s *site) follow(ctx context.Context, desk string, events chan<- [2]string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/desk/"+desk+"/live", nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer response.Body.Close()
	name := ""
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if v, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = v
		} else if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			events <- [2]string{name, v}
		}
	}
	close(events)
}

func next(t *testing.T, events <-chan [2]string, name string) string {
	t.Helper()
	for limit := time.After(20 * time.Second); ; {
		select {
		case e, open := <-events:
			if !open {
				t.Fatal("the stream ended")
			}
			if e[0] == name {
				return e[1]
			}
		case <-limit:
			t.Fatalf("no event %q", name)
		}
	}
}

// TestLive: the number moves with one ballot, the figures' version only when
// they moved; a desk that did not change is silent.
func TestLive(t *testing.T) {
	s := newSite(t)
	s.fill()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := make(chan [2]string, 16)
	go s.follow(ctx, "DH41.07", events)
	var before, after struct {
		Number int64
		Hours  []int64
	}
	if err := json.Unmarshal([]byte(next(t, events, "numbers")), &before); err != nil || before.Number == 0 || len(before.Hours) != 24 {
		t.Fatal(before, err)
	}
	version := next(t, events, "figures")
	const desk = 107
	s.write(row(`UPDATE cell_day SET s1 = s1 + 1, kiosk = kiosk + 1, receipt = receipt + 1 WHERE cell = ? AND day = ?`, desk-100, monday),
		row(insertHour, desk, monday, 10, 1))
	s.hub.Changed("DH41.01", "DH41.07", "nowhere")
	if err := json.Unmarshal([]byte(next(t, events, "numbers")), &after); err != nil || after.Number != before.Number+1 || after.Hours[10] != 1 {
		t.Fatal(before, after, err)
	}
	if v := next(t, events, "figures"); v != version {
		t.Error("one ballot moved the rates")
	}
	s.write(row(`UPDATE block SET s1 = s1 + 5, kiosk = kiosk + 5, receipt = receipt + 5 WHERE cell = ? AND last = ?`, desk-100, monday))
	s.hub.Changed()
	next(t, events, "numbers")
	if v := next(t, events, "figures"); v == version {
		t.Error("the rates did not move")
	}
}

// TestLiveEnds: the hub counts open pages, and its end ends their streams.
func TestLiveEnds(t *testing.T) {
	s := newSite(t)
	s.fill()
	events := make(chan [2]string, 16)
	ctx, cancel := context.WithCancel(context.Background())
	go s.follow(ctx, "DH41.07", events)
	next(t, events, "figures")
	if n := s.hub.Open(); n != 1 {
		t.Errorf("%d pages open", n)
	}
	cancel()
	for range events { //nolint:revive // drained until the stream ended
	}
}
