package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/export"
)

var october = survey.NewDay(2026, time.October, 1).Month()

// keepBallots puts a month of one unit into the store.
func (s *site) keepBallots(n int) {
	s.t.Helper()
	g := &export.Group{Unit: "BV", Service: survey.ServicePublic, Ballots: make([]export.Ballot, n)}
	g.Names[export.Desk], g.Names[export.Field], g.Names[export.Procedure] = []string{"D1"}, []string{""}, []string{""}
	for i := range g.Ballots {
		g.Ballots[i].Score = survey.Score(1 + i%5)
		g.Ballots[i].Known = [export.Columns]int32{export.Day: int32(october.From) + int32(i%20), export.Channel: 1, export.Binding: 1}
		g.Ballots[i].Said = export.Say([]export.Answer{{Question: "staff", Score: survey.Score(1 + i%5)}}, nil, func(string) bool { return true })
	}
	err := s.ballots.Put(october, func(w io.Writer) error {
		_, err := export.WriteMonth(w, export.Head{Period: october, Closing: "c", Questions: []string{"staff"}}, slices.Values([]*export.Group{g}))
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// listen serves the app on a port, as a client sees it.
func (s *site) listen() string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.app.Listener(l) }()
	s.t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := s.app.ShutdownWithTimeout(10 * time.Second); err != nil {
			s.t.Error(err)
		}
		if err := <-served; err != nil {
			s.t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

func TestExport(t *testing.T) {
	s := newSite(t)
	s.keepBallots(200)
	status, body := s.do("GET", "/api/v1/export?period=2026-10", "", "")
	lines := strings.Split(body, "\r\n")
	if status != 200 || len(lines) != 202 || !strings.HasSuffix(lines[0], ",score,q:staff,reasons") || !strings.HasPrefix(lines[1], "2026-10,") {
		t.Fatalf("%d %.300s", status, body)
	}
	if status, body = s.do("GET", "/api/v1/export?from=2026-10-01&until=2026-10-31&format=parquet&unit=BV", "", ""); status != 200 || !strings.HasPrefix(body, "PAR1") || !strings.HasSuffix(body, "PAR1") {
		t.Errorf("%d %.20q", status, body)
	}
	if status, body = s.do("GET", "/api/v1/export?period=2026-10&unit=X", "", ""); status != 200 || strings.Count(body, "\r\n") != 1 {
		t.Errorf("%d %.300s", status, body)
	}
	if want := []string{"ballots.export  2026-10 – 2026-10, csv", "ballots.export BV 2026-10 – 2026-10, parquet", "ballots.export X 2026-10 – 2026-10, csv"}; !slices.Equal(s.noted, want) {
		t.Errorf("on record is %q", s.noted)
	}
	for query, want := range map[string]survey.Code{
		"":                                survey.CodeMissingField,
		"period=2026-11":                  survey.CodeNotClosed,
		"period=2026":                     survey.CodeNotClosed,
		"from=2026-10-01&to=2026-10-02":   survey.CodeNotClosed,
		"from=2026-10-02&to=2026-11-01":   survey.CodeNotClosed,
		"from=2016-10-01&to=2026-11-01":   survey.CodeRangeTooLong,
		"period=2026-10&format=xlsx":      survey.CodeBadField,
		"period=2026-10&service=public":   survey.CodeUnknownParameter,
		"period=2026-10&unit=A&unit=B":    survey.CodeBadRequest,
		"from=2026-10-01&until=2026-9-30": survey.CodeBadDate,
	} {
		if status, body := s.do("GET", "/api/v1/export?"+query, "", ""); status < 400 || status >= 500 || !strings.Contains(body, string(want)) {
			t.Errorf("%q: %d %.200s, want %s", query, status, body, want)
		}
	}
	if status, body := s.do("GET", "/api/v1/export?period=2026-10", "", "", "Authorization", "Bearer x"); status != http.StatusUnauthorized {
		t.Errorf("without the token: %d %.100s", status, body)
	}
}

// TestExportBreaksOff: where a file is damaged half-way, the answer breaks off
// and is not taken for the whole.
func TestExportBreaksOff(t *testing.T) {
	s := newSite(t)
	s.keepBallots(400_000)
	files, err := filepath.Glob(filepath.Join(s.ballotsDir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], data[:len(data)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	answer, err := s.ask(t.Context(), s.listen())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if n, err := io.Copy(io.Discard, answer.Body); err == nil {
		t.Errorf("%d bytes pass for the whole", n)
	}
}

// TestExportNobodyReads: who goes away ends the work for the answer.
func TestExportNobodyReads(t *testing.T) {
	s := newSite(t)
	s.keepBallots(400_000)
	base := s.listen()
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		answer, err := s.ask(ctx, base)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(answer.Body).ReadString('\n'); err != nil {
			t.Error(err)
		}
		cancel()
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	// The app shuts down within its time: see listen.
}

func (s *site) ask(ctx context.Context, base string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/export?period=2026-10", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", answer.StatusCode)
	}
	return answer, err
}
