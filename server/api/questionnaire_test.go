package api

import (
	"encoding/json"
	"strings"
	"testing"

	"hailong/internal/survey"
)

// sheet is a questionnaire's file.
const sheet = `version: 1
from: 2026-01-01
scale: [{vi: "1"}, {vi: "2"}, {vi: "3"}, {vi: "4"}, {vi: "5"}]
consent: {vi: "Đồng ý"}
services:
  - service: administrative
    overall: {vi: "Thế nào?", en: "How?"}
    steps: {refused: {vi: "Từ chối?"}}
    factors: [{code: a, name: {vi: "A"}}]
    questions: [{code: a, factor: a, text: {vi: "A?"}}]
    reasons: [{code: a.x, factor: a, good: {vi: "Tốt"}, bad: {vi: "Chưa tốt"}}]
`

func TestQuestionnaires(t *testing.T) {
	s := newSite(t)
	load := func(path, text string, wanted int, words string) {
		t.Helper()
		if status, body := s.do("POST", path, "application/yaml", text); status != wanted || !strings.Contains(body, words) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	const path = "/api/v1/questionnaires"
	load(path, strings.Replace(sheet, "factor: a, good", "factor: b, good", 1), 422, `"line":11`)
	load(path, sheet, 200, `"new":true`)
	load(path, sheet, 200, `"new":false`)
	load(path, strings.Replace(sheet, "Thế nào?", "Ra sao?", 1), 409, string(survey.CodeSheetKnown))
	load(path, strings.Replace(sheet, "version: 1", "version: 2", 1), 200, `"new":true`)
	load(path+"?from=2030-01-01", strings.Replace(sheet, "version: 1", "version: 3", 1), 200, `"new":true`)
	load(path+"?from=2026-02-01", sheet, 200, `"new":true`) // version 1 begins later: it goes before 2 from then on

	status, body := s.do("GET", path, "", "")
	var got Questionnaires
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 {
		t.Fatal(status, err, body)
	}
	order := []uint16{3, 1, 2}
	if len(got.Versions) != len(order) {
		t.Fatal(body)
	}
	for i, v := range got.Versions {
		if v.Questionnaire.Version != order[i] || v.InForce != (order[i] == 1) || v.From == nil ||
			v.Questionnaire.Services[0].Overall["en"] != "How?" {
			t.Errorf("%d: %+v", i, v)
		}
	}
}
