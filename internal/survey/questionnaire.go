package survey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Words are one text in several languages, by BCP 47 tag. Vietnamese is always
// among them.
type Words map[string]string

// In gives the text in a language, in Vietnamese where there is none.
func (w Words) In(tag string) string {
	if s := w[tag]; s != "" {
		return s
	}
	return w["vi"]
}

// Questionnaire is one version of what is asked: data, not code. Codes are
// lower-case words with dots, such as "staff.polite"; a code keeps its meaning
// over the versions, so that years can be compared.
type Questionnaire struct {
	Version  uint16         `json:"version"`
	Scale    []Words        `json:"scale"` // five words, for the scores 1–5
	Consent  Words          `json:"consent"`
	Services []ServiceSheet `json:"services"`
}

// ServiceSheet is what is asked about one kind of service.
type ServiceSheet struct {
	Service Service          `json:"service"`
	Overall Words            `json:"overall"`         // the first question
	Steps   map[string]Words `json:"steps,omitempty"` // the same, by Step's word, after a supplement or a refusal
	// Full says that «chỉ số hài lòng toàn diện» is computed: the share of those
	// whose every answer is 4 or 5.
	Full      bool       `json:"full,omitempty"`
	Factors   []Factor   `json:"factors"`
	Questions []Question `json:"questions"`
	Reasons   []Reason   `json:"reasons"`
}

// Factor is one of the factors of the index.
type Factor struct {
	Code string `json:"code"`
	Name Words  `json:"name"`
}

// Question is answered on the scale, or skipped.
type Question struct {
	Code    string `json:"code"`
	Factor  string `json:"factor"` // Factor's code
	Text    Words  `json:"text"`
	Officer bool   `json:"officer,omitempty"` // only where the receipt names an officer: not at a kiosk
}

// Reason is a criterion that can be ticked as good or as not good: the two are
// offered alike. Ticked, it is recorded as "+" or "-" and its code.
type Reason struct {
	Code   string `json:"code"`
	Factor string `json:"factor"` // Factor's code
	Good   Words  `json:"good"`
	Bad    Words  `json:"bad"`
	Kiosk  bool   `json:"kiosk,omitempty"` // among the few that a kiosk's screen has room for
}

// Bounds of a questionnaire.
const (
	maxFactors   = 12
	maxQuestions = 40
	maxReasons   = 60 // a rating carries at most 64 ticks
	MaxKiosk     = 6  // reasons on a kiosk's screen
	maxCode      = 40
	maxWords     = 400 // bytes of one text
)

// ParseQuestionnaire reads a document, strictly: an unknown field, or what Check
// does not allow, is an error that says where.
func ParseQuestionnaire(document []byte) (*Questionnaire, error) {
	if !json.Valid(document) { // the decoder alone would leave alone what follows
		return nil, errors.New("questionnaire: not exactly one JSON value")
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.DisallowUnknownFields()
	q := &Questionnaire{}
	if err := d.Decode(q); err != nil {
		return nil, fmt.Errorf("questionnaire: %w", err)
	}
	if err := q.Check(); err != nil {
		return nil, err
	}
	return q, nil
}

// Document writes what ParseQuestionnaire reads; the same questionnaire always
// gives the same bytes.
func (q *Questionnaire) Document() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(q); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// For gives the sheet of a kind of service, or nil.
func (q *Questionnaire) For(s Service) *ServiceSheet {
	if q == nil {
		return nil
	}
	for i := range q.Services {
		if q.Services[i].Service == s {
			return &q.Services[i]
		}
	}
	return nil
}

// SheetFault is one thing wrong with a questionnaire.
type SheetFault struct {
	Where  string // path in the document, such as services[0].reasons[3].good
	What   string // in Vietnamese
	WhatEN string
	Try    string // in Vietnamese
}

func (f *SheetFault) Error() string { return f.Where + ": " + f.WhatEN }

// faultFunc takes one fault of Check.
type faultFunc func(where, what, whatEN, try string)

// Check reports everything that is wrong: the error joins a *SheetFault for each.
func (q *Questionnaire) Check() error {
	var faults []error
	fault := func(where, what, whatEN, try string) {
		faults = append(faults, &SheetFault{where, what, whatEN, try})
	}
	words := func(where string, w Words) {
		if w["vi"] == "" {
			fault(where, "thiếu câu tiếng Việt (vi)", "no Vietnamese text", `ghi vi: "…"`)
		}
		for tag, s := range w {
			if !isLanguage(tag) {
				fault(where+"."+tag, "«"+clip([]byte(tag))+"» không phải là mã ngôn ngữ", "no language has this tag", "ví dụ vi, en, lo")
			}
			if strings.ContainsFunc(s, unicode.IsControl) {
				fault(where+"."+tag, "câu có ký tự điều khiển", "there are control characters", "gõ lại câu này")
			}
			if len(s) > maxWords || s == "" {
				fault(where+"."+tag, fmt.Sprintf("câu phải dài từ 1 đến %d byte", maxWords), fmt.Sprintf("a text of 1 to %d bytes is needed", maxWords), "viết gọn lại, hoặc bỏ ngôn ngữ này")
			}
		}
	}
	if q.Version == 0 {
		fault("version", "số phiên bản phải từ 1 trở lên", "1 or more", "ghi version: 1")
	}
	if len(q.Scale) != 5 {
		fault("scale", "thang điểm phải có đúng năm mức, từ 1 đến 5", "five words, for the scores 1 to 5", "ghi năm dòng, từ rất không hài lòng đến rất hài lòng")
	}
	for i, w := range q.Scale {
		words(fmt.Sprintf("scale[%d]", i), w)
	}
	words("consent", q.Consent)
	if len(q.Services) == 0 {
		fault("services", "phải có ít nhất một loại dịch vụ", "one at least", "thêm một mục dưới services")
	}
	seen := map[Service]bool{}
	for i := range q.Services {
		s := &q.Services[i]
		where := fmt.Sprintf("services[%d]", i)
		if s.Service != ServiceAdministrative && s.Service != ServicePublic || seen[s.Service] {
			fault(where+".service", "mỗi loại dịch vụ được ghi đúng một lần", "administrative or public, each once", "administrative (dịch vụ hành chính công) hoặc public (dịch vụ sự nghiệp công)")
		}
		seen[s.Service] = true
		s.check(where, fault, words)
	}
	return errors.Join(faults...)
}

func (s *ServiceSheet) check(where string, fault faultFunc, words func(where string, w Words)) {
	words(where+".overall", s.Overall)
	for step, w := range s.Steps {
		var known Step
		if known.UnmarshalText([]byte(step)) != nil || known == 0 {
			fault(where+".steps."+step, "không có bước nào như vậy", "no such step", "supplement (yêu cầu bổ sung) hoặc refused (từ chối)")
		}
		words(where+".steps."+step, w)
	}
	if len(s.Factors) > maxFactors || len(s.Questions) > maxQuestions || len(s.Reasons) > maxReasons {
		fault(where, fmt.Sprintf("nhiều nhất %d yếu tố, %d câu hỏi và %d lý do", maxFactors, maxQuestions, maxReasons),
			fmt.Sprintf("at most %d factors, %d questions and %d reasons", maxFactors, maxQuestions, maxReasons), "bỏ bớt")
	}
	codes, factors := map[string]bool{}, map[string]bool{}
	code := func(at, c string) {
		if !IsCode(c) {
			fault(at, fmt.Sprintf("mã phải gồm chữ thường không dấu, số, dấu chấm và gạch dưới, nhiều nhất %d ký tự", maxCode), "a code of lower-case letters, digits and dots is needed", "ví dụ staff.polite")
		}
		if codes[c] {
			fault(at, "mã «"+c+"» được ghi hai lần", "the code "+c+" stands twice", "đổi một trong hai mã")
		}
		codes[c] = true
	}
	for i, f := range s.Factors {
		at := fmt.Sprintf("%s.factors[%d]", where, i)
		code(at+".code", f.Code)
		words(at+".name", f.Name)
		factors[f.Code] = true
	}
	codes = map[string]bool{} // a question may bear its factor's code
	for i, x := range s.Questions {
		at := fmt.Sprintf("%s.questions[%d]", where, i)
		code(at+".code", x.Code)
		words(at+".text", x.Text)
		if !factors[x.Factor] {
			fault(at+".factor", "không có yếu tố mang mã này", "no such factor", "dùng mã của một mục trong factors")
		}
	}
	kiosk := 0
	codes = map[string]bool{}
	for i, r := range s.Reasons {
		at := fmt.Sprintf("%s.reasons[%d]", where, i)
		code(at+".code", r.Code)
		words(at+".good", r.Good)
		words(at+".bad", r.Bad)
		if !factors[r.Factor] {
			fault(at+".factor", "không có yếu tố mang mã này", "no such factor", "dùng mã của một mục trong factors")
		}
		if r.Kiosk {
			kiosk++
		}
	}
	if kiosk > MaxKiosk {
		fault(where+".reasons", fmt.Sprintf("màn hình tại quầy chỉ đủ chỗ cho %d lý do (kiosk: true)", MaxKiosk), fmt.Sprintf("at most %d for kiosks", MaxKiosk), "bỏ bớt kiosk: true")
	}
}

// isLanguage says whether a text has the form of a BCP 47 tag, in its usual case.
func isLanguage(tag string) bool {
	parts := strings.Split(tag, "-")
	for i, p := range parts {
		for j := range len(p) {
			b := p[j]
			if !(b >= 'a' && b <= 'z' || i > 0 && (b >= 'A' && b <= 'Z' || b >= '0' && b <= '9')) {
				return false
			}
		}
		if len(p) < 2 || len(p) > 8 {
			return false
		}
	}
	return len(parts[0]) <= 3
}

// HasQuestion says whether the sheet asks a question of this code.
func (s *ServiceSheet) HasQuestion(code string) bool {
	for i := range s.Questions {
		if s.Questions[i].Code == code {
			return true
		}
	}
	return false
}

// HasReason says whether the sheet offers the tick: "+" or "-" and a code.
func (s *ServiceSheet) HasReason(tick string) bool {
	if !IsTick(tick) {
		return false
	}
	for i := range s.Reasons {
		if s.Reasons[i].Code == tick[1:] {
			return true
		}
	}
	return false
}

// IsTick says whether a text has the form of a ticked reason: "+" or "-" and a
// code.
func IsTick(s string) bool { return s != "" && (s[0] == '+' || s[0] == '-') && IsCode(s[1:]) }

// IsCode says whether a text has the form of a question's or reason's code.
func IsCode(s string) bool {
	if s == "" || len(s) > maxCode {
		return false
	}
	for i := range len(s) {
		if b := s[i]; !(b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '.' || b == '_') {
			return false
		}
	}
	return true
}
