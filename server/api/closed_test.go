package api

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/closing"
	"hailong/server/projection"
)

// closedOctober is the database of one closing, of October 2026: eleven ballots
// of unit H41, by desk and by procedure.
func closedOctober(t testing.TB) *sql.DB {
	t.Helper()
	store, err := closing.Open(context.Background(), filepath.Join(t.TempDir(), "closed.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	october := survey.NewDay(2026, time.October, 1).Month()
	figure := func(desk, by, value string, n [6]int64) closing.Figure {
		return closing.Figure{Unit: "H41", Service: survey.ServicePublic, Desk: desk, By: by, Value: value, N: n}
	}
	err = store.Put(context.Background(), projection.Closing{Ref: fact.Ref{Origin: fact.OriginID{0xab}, Number: 12}, Period: october, Wall: october.To.StartMilli()}, "s1",
		&closing.Published{Figures: []closing.Figure{
			figure("D1", closing.Total, "", [6]int64{0, 1, 0, 0, 2, 3}), figure("D2", closing.Total, "", [6]int64{0, 0, 0, 0, 0, 5}),
			figure("", closing.Procedure, "Y tế"+closing.Part+"Khám", [6]int64{0, 1, 0, 0, 0, 5}), figure("", closing.Procedure, "*", [6]int64{0, 0, 0, 0, 2, 3}),
		}})
	if err != nil {
		t.Fatal(err)
	}
	return store.Reader()
}

func TestClosed(t *testing.T) {
	s := newSite(t)
	var months Closings
	status, body := s.do("GET", "/api/v1/closings", "", "")
	if err := json.Unmarshal([]byte(body), &months); err != nil || status != http.StatusOK || len(months.Months) != 1 {
		t.Fatal(status, body, err)
	}
	if m := months.Months[0]; m.From.String() != "2026-10-01" || m.To.String() != "2026-11-01" || m.By != "s1" || m.Closing != "ab000000000000000000000000000000/12" ||
		!m.ClosedAt.Equal(m.To.Start()) {
		t.Errorf("%+v", m)
	}
	const ask = "/api/v1/breakdown?unit=H41&service=public&from=2026-10-01&to=2026-12-01&by="
	var b Breakdown
	status, body = s.do("GET", ask+"procedure", "", "")
	if err := json.Unmarshal([]byte(body), &b); err != nil || status != http.StatusOK || len(b.Parts) != 2 {
		t.Fatal(status, body, err)
	}
	if p := b.Parts[1]; p.Value != "Khám" || p.Field != "Y tế" || p.Other || p.Answers != 6 || p.Satisfied != 5 || p.Scores.One != 1 || p.Interval == nil {
		t.Errorf("%+v", p)
	}
	if p := b.Parts[0]; p.Value != "*" || !p.Other || p.Answers != 5 || *p.Rate != 1 {
		t.Errorf("%+v", p)
	}
	if b.Whole.Answers != 11 || b.Unit.Code != "H41" || b.Service != survey.ServicePublic || len(b.Months) != 1 || len(b.Without) != 0 {
		t.Errorf("%+v", b)
	}
	status, body = s.do("GET", ask+"hour", "", "")
	if err := json.Unmarshal([]byte(body), &b); err != nil || status != http.StatusOK || len(b.Without) != 1 || b.Parts[0].Answers != 11 {
		t.Error(status, body, err)
	}
	for path, want := range map[string]survey.Code{
		"/api/v1/closings?x=1": survey.CodeUnknownParameter,
		ask + "mood":           survey.CodeUnknownParameter,
		ask:                    survey.CodeMissingField,
		"/api/v1/breakdown?unit=H41&service=public": survey.CodeMissingField,
		ask + "hour&mood=1":                         survey.CodeUnknownParameter,
		ask + "hour&unit=H41":                       survey.CodeBadRequest,
		"/api/v1/breakdown?unit=%00&service=public&by=hour&from=2026-10-01&to=2026-11-01": survey.CodeUnknownUnit,
		"/api/v1/breakdown?unit=H41&service=none&by=hour&from=2026-10-01&to=2026-11-01":   survey.CodeUnknownService,
		"/api/v1/breakdown?unit=H41&service=public&by=hour&from=2026-02-30&to=2026-11-01": survey.CodeBadDate,
		"/api/v1/breakdown?unit=H41&service=public&by=hour&from=2026-11-01&to=2026-10-01": survey.CodeFromAfterTo,
		"/api/v1/breakdown?unit=H41&service=public&by=hour&from=2006-11-01&to=2026-11-01": survey.CodeRangeTooLong,
		"/api/v1/breakdown?unit=H41&service=public&by=hour&from=2026-11-01&to=2027-11-01": survey.CodeNotClosed,
		"/api/v1/breakdown?unit=H41&service=public&by=hour&from=2026-10-02&to=2026-11-01": survey.CodeNotClosed, // no whole month
	} {
		var p httpx.Problem
		status, body := s.do("GET", path, "", "")
		if err := json.Unmarshal([]byte(body), &p); err != nil || status < 400 || status >= 500 || p.Code != want {
			t.Errorf("%s: %d %s, want %s", path, status, body, want)
		}
	}
}
