package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"

	"hailong/internal/survey"
	"hailong/server/periodic"
	"hailong/server/register/registertest"
	"hailong/server/report"
)

// file fetches a file, with its type and name.
func (s *site) file(path string) (status int, kind, disposition string, data []byte) {
	s.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := s.app.Test(r, -1)
	if err != nil {
		s.t.Fatalf("%s: %v", path, err)
	}
	defer answer.Body.Close()
	if data, err = io.ReadAll(answer.Body); err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), answer.Header.Get("Content-Disposition"), data
}

// TestReport: each format comes as what it is, under a name that says the
// period; the same period by its name and by its days.
func TestReport(t *testing.T) {
	s := newSite(t)
	for _, query := range []string{"period=2026-11", "from=2026-11-01&to=2026-12-01", "from=2026-11-01&until=2026-11-30&period=&to=&unit="} {
		status, kind, name, data := s.file("/api/v1/reports?" + query)
		if status != 200 || kind != report.XLSX.MIME() || name != `attachment; filename="hai-long-2026-11-01-2026-11-30.xlsx"` {
			t.Fatalf("%s: %d %s %s %.200s", query, status, kind, name, data)
		}
		f, err := excelize.OpenReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	status, kind, name, data := s.file("/api/v1/reports?period=2026-Q4&format=csv&language=en")
	if status != 200 || kind != report.CSV.MIME() || !strings.Contains(name, "hai-long-2026-10-01-2026-12-31.csv") {
		t.Errorf("%d %s %s", status, kind, name)
	}
	if lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))).ReadAll(); err != nil || len(lines) == 0 || !strings.Contains(strings.Join(lines[0], ","), "Unit") {
		t.Errorf("%v %q", err, lines)
	}
	status, kind, _, data = s.file("/api/v1/reports?period=2026&format=docx")
	if status != 200 || kind != report.DOCX.MIME() || !bytes.HasPrefix(data, []byte("PK")) {
		t.Errorf("%d %s", status, kind)
	}
	// Without the fonts that make web brings there is no PDF, and no 500.
	if status, kind, _, data = s.file("/api/v1/reports?period=2026&format=pdf"); status == 200 && !bytes.HasPrefix(data, []byte("%PDF-")) || status != 200 && status != 503 {
		t.Errorf("%d %s %.100s", status, kind, data)
	}
}

func TestReportBadInput(t *testing.T) {
	s := newSite(t)
	for query, want := range map[string]survey.Code{
		"":                                      survey.CodeMissingField,
		"from=2026-01-01":                       survey.CodeMissingField,
		"to=2026-01-01":                         survey.CodeMissingField,
		"period=2026-13":                        survey.CodeBadField,
		"period=2026-10&from=2026-10-01":        survey.CodeUnknownParameter,
		"from=2026-10-01&to=x&until=2026-10-01": survey.CodeUnknownParameter,
		"from=2026-02-30&to=2026-03-01":         survey.CodeBadDate,
		"from=2026-02-01&until=2026-02-29":      survey.CodeBadDate,
		"from=2026-03-01&until=2026-02-01":      survey.CodeFromAfterTo,
		"from=2010-03-01&to=2026-03-01":         survey.CodeRangeTooLong,
		"from=2026-11-24&to=2026-11-25":         survey.CodeNotYet,
		"period=2027":                           survey.CodeNotYet,
		"period=2026&unit=X":                    survey.CodeUnknownUnit,
		"period=2026&format=xls":                survey.CodeBadField,
		"period=2026&language=lo":               survey.CodeBadField,
		"period=2026&colour=red":                survey.CodeUnknownParameter,
		"period=2026&period=2025":               survey.CodeBadRequest,
		"period=%ff":                            survey.CodeBadRequest,
	} {
		status, body := s.do("GET", "/api/v1/reports?"+query, "", "")
		if status < 400 || status >= 500 || !strings.Contains(body, string(want)) {
			t.Errorf("%q: %d %s, want %s", query, status, body, want)
		}
	}
	for path, want := range map[string]survey.Code{
		"/api/v1/reports/kept?x=1":                     survey.CodeUnknownParameter,
		"/api/v1/reports/kept/file":                    survey.CodeNotFound,
		"/api/v1/reports/kept/file?name=..%2Fa":        survey.CodeNotFound,
		"/api/v1/reports/kept/file?name=x&dossier=1":   survey.CodeUnknownParameter,
		"/api/v1/reports/kept/file?name=%00&lang=none": survey.CodeNotFound,
	} {
		if status, body := s.do("GET", path, "", ""); status < 400 || status >= 500 || !strings.Contains(body, string(want)) {
			t.Errorf("%s: %d %s, want %s", path, status, body, want)
		}
	}
}

// TestKeptReports: what was made at a closing is listed, and comes as it was.
func TestKeptReports(t *testing.T) {
	s := newSite(t)
	october := survey.DayOf(registertest.Now).Month()
	october = (october.From - 1).Month()
	if err := s.reports.Update(context.Background(), []periodic.Closing{{Month: october, At: registertest.Now.Truncate(1e9)}}); err != nil {
		t.Fatal(err)
	}
	_, body := s.do("GET", "/api/v1/reports/kept", "", "")
	for _, k := range s.reports.List() {
		if !strings.Contains(body, fmt.Sprintf(`"name":%q,"from":"%v","to":"%v","format":%q,"size":%d,"sha256":%q`, k.Name, october.From, october.To, k.Format, k.Size, k.SHA256)) {
			t.Errorf("%+v is not in %s", k, body)
		}
		status, kind, name, data := s.file("/api/v1/reports/kept/file?name=" + k.Name)
		if status != 200 || kind != k.Format.MIME() || !strings.Contains(name, k.Name) || int64(len(data)) != k.Size {
			t.Errorf("%+v: %d %s %s %d", k, status, kind, name, len(data))
		}
	}
}

// TestManyReports: more at once than are made at a time.
func TestManyReports(t *testing.T) {
	s := newSite(t)
	var wait sync.WaitGroup
	for range 3 * reportsAtOnce {
		wait.Go(func() {
			if status, _, _, data := s.file("/api/v1/reports?period=2026-10&format=docx"); status != 200 || len(data) == 0 {
				t.Errorf("%d", status)
			}
		})
	}
	wait.Wait()
}
