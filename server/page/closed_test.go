package page_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/closing/schema"
	"hailong/server/index"
	"hailong/server/page"
)

// withClosed gives the pages two closed months of the city and of a department,
// of the third quarter, and a questionnaire that says what was asked.
func withClosed(t testing.TB) (func(*page.Deps), func(s *site)) {
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "closed.db"), schema.Files, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	figure := `INSERT INTO figure (month, unit, service, desk, dim, value, n0, n1, n2, n3, n4, n5) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	fill := func(s *site) {
		closed := &site{t: s.t, db: db}
		var rows []say
		for m, first := range []survey.Day{survey.NewDay(2026, time.August, 1), survey.NewDay(2026, time.September, 1)} {
			rows = append(rows, row(`INSERT INTO month VALUES (?, ?, ?, x'0102', 7, ?, 's1')`, m+1, first, first.Month().To, first.Month().To.StartMilli()))
			for _, unit := range []string{"VINH", "STNMT"} {
				rows = append(rows, row(figure, m+1, unit, "MC-"+unit, "total", "", 3, 10, 10, 20, 260, 700),
					row(figure, m+1, unit, "", "full", "", 0, 60, 0, 0, 0, 340),
					row(figure, m+1, unit, "", "question", "wait", 700, 20, 30, 40, 100, 110), row(figure, m+1, unit, "", "question", "polite", 700, 2, 3, 5, 90, 200),
					row(figure, m+1, unit, "", "reason", "+polite", 120, 0, 0, 0, 0, 0), row(figure, m+1, unit, "", "reason", "-slow", 44, 0, 0, 0, 0, 0),
					row(figure, m+1, unit, "", "field", "Đất đai", 0, 8, 6, 10, 100, 176), row(figure, m+1, unit, "", "field", "Hộ tịch <b>", 0, 1, 3, 9, 140, 500), row(figure, m+1, unit, "", "field", "*", 0, 1, 1, 1, 20, 24),
					row(figure, m+1, unit, "", "way", "kiosk_receipt", 0, 5, 5, 10, 130, 350), row(figure, m+1, unit, "", "way", "phone", 0, 5, 5, 10, 130, 350),
					row(figure, m+1, unit, "", "weekday", "1", 0, 5, 5, 10, 130, 350), row(figure, m+1, unit, "", "weekday", "5", 0, 5, 5, 10, 130, 350),
					row(figure, m+1, unit, "", "hour", "08", 0, 5, 5, 10, 130, 350), row(figure, m+1, unit, "", "hour", "14", 0, 5, 5, 10, 130, 350),
					row(figure, m+1, unit, "", "step", "returned", 0, 10, 10, 20, 260, 700))
			}
		}
		closed.write(rows...)
		vi := func(v, en string) survey.Words { return survey.Words{"vi": v, "en": en} }
		q := survey.Questionnaire{Version: 1, Consent: vi("Đồng ý", "Yes")}
		for range 5 {
			q.Scale = append(q.Scale, vi("mức", "step"))
		}
		q.Services = []survey.ServiceSheet{{Service: survey.ServiceAdministrative, Overall: vi("Thế nào?", "How?"), Factors: []survey.Factor{{Code: "access", Name: vi("Tiếp cận dịch vụ", "Access")}, {Code: "staff", Name: vi("Công chức", "Staff")}},
			Questions: []survey.Question{{Code: "wait", Factor: "access", Text: vi("Nơi ngồi chờ có đủ chỗ ngồi", "Enough seats")}, {Code: "polite", Factor: "staff", Text: vi("Công chức có thái độ giao tiếp lịch sự", "Polite staff")}},
			Reasons:   []survey.Reason{{Code: "polite", Factor: "staff", Good: vi("Thái độ lịch sự", "Polite"), Bad: vi("Thái độ chưa tốt", "Not polite")}, {Code: "slow", Factor: "access", Good: vi("Nhanh", "Quick"), Bad: vi("Chờ lâu", "Long wait")}}}}
		d, err := q.Document()
		if err != nil {
			s.t.Fatal(err)
		}
		s.write(row(`INSERT INTO questionnaire VALUES (1, 0, ?)`, d))
	}
	return func(d *page.Deps) { d.Index.(*index.Index).UseClosed(db.Read()) }, fill
}

// TestClosedMonths: what closed months say, on the unit's page by one breakdown
// at a time, at the top of the province page, and of the last month on the board.
func TestClosedMonths(t *testing.T) {
	use, fill := withClosed(t)
	s := newSite(t, use)
	s.fillProvince()
	if _, body := s.get("/unit/VINH"); strings.Contains(body, `id="by"`) {
		t.Error("before any month is closed a breakdown is shown")
	}
	fill(s)
	for path, want := range map[string][]string{
		"/unit/VINH": {"Tháng đã chốt số liệu: 9/2026", "Trong kỳ chưa có tháng nào chốt", "Hộ tịch &lt;b&gt;", "Khác (gộp)", "85,0% trên 400 phiếu", "Nơi ngồi chờ có đủ chỗ ngồi", "Chờ lâu"},
		"/unit/VINH?period=quarter&at=2026-08-01": {"8/2026 – 9/2026", "Các tháng đã chốt trong kỳ", "800 trên 2.000 phiếu"},
		"/unit/VINH?by=weekday":                   {"Thứ hai", "Thứ sáu"},
		"/unit/VINH?by=way":                       {"Máy đánh giá, quét giấy hẹn", "Điện thoại"},
		"/unit/VINH?by=hour":                      {"8 giờ", "14 giờ"},
		"/unit/VINH?by=step":                      {"Trả kết quả"},
		"/unit/VINH?by=desk":                      {"Bộ phận Tiếp nhận và Trả kết quả · Ủy ban nhân dân thành phố Vinh"},
		"/unit/VINH?by=officer":                   {"Tháng 9/2026 không tách được"},
		"/unit/SXD":                               {"Không công bố phân tách này"},
		"/":                                       {"Nhân tố thấp nhất toàn tỉnh, tháng đã chốt 9/2026", "Nơi ngồi chờ có đủ chỗ ngồi", "Chờ lâu"},
		"/?period=quarter&at=2026-08-01":          {"tháng đã chốt 8/2026 – 9/2026", "176"},
		"/board/VINH":                             {"Điều người dân khen, tháng 9/2026", "Thái độ lịch sự", "Điều cần làm tốt hơn", "Chờ lâu"},
		"/?period=quarter&at=2026-05-01&lang=en":  {"Satisfied"},
	} {
		status, body := s.get(path)
		for _, w := range want {
			if status != http.StatusOK || !strings.Contains(body, w) {
				t.Errorf("%s: %d, lacks %q", path, status, w)
			}
		}
		if strings.Contains(body, "<b>\"") || strings.Contains(body, "province.") && strings.Contains(body, "province.by") {
			t.Errorf("%s shows a key", path)
		}
	}
	// The lowest question stands first.
	if _, body := s.get("/unit/VINH"); strings.Index(body, "Nơi ngồi chờ") > strings.Index(body, "thái độ giao tiếp lịch sự") {
		t.Error("the lowest question is not first")
	}
	if _, body := s.get("/?period=quarter&at=2026-05-01"); strings.Contains(body, "Nhân tố thấp nhất") {
		t.Error("a period before every closed month shows factors")
	}
	if status, body := s.get("/unit/VINH?by=mood"); status != http.StatusBadRequest || !strings.Contains(body, string(survey.CodeBadField)) {
		t.Errorf("an unknown breakdown: %d", status)
	}
	if _, body := s.get("/board/VINH"); strings.Contains(body, "Hộ tịch") {
		t.Error("the board shows a breakdown")
	}
}
