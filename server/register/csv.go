package register

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hailong/internal/survey"
)

// MaxCSV bounds a CSV file, in bytes.
const MaxCSV = 20 << 20

// columns are the names that the columns of a CSV file may bear, as fold writes
// them: Vietnamese with or without marks, or English. Those of "code", "desk"
// and "received" must be there.
var columns = map[string]string{
	"code": "code", "ma ho so": "code", "dossier code": "code",
	"desk": "desk", "ma bo phan mot cua": "desk", "bo phan mot cua": "desk", "bo phan tiep nhan": "desk", "noi tiep nhan": "desk",
	"unit": "unit", "co quan giai quyet": "unit", "don vi giai quyet": "unit", "co quan": "unit", "don vi": "unit",
	"service": "service", "loai dich vu": "service", "dich vu": "service",
	"field": "field", "linh vuc": "field",
	"procedure": "procedure", "thu tuc": "procedure", "thu tuc hanh chinh": "procedure",
	"officer": "officer", "ma can bo": "officer", "can bo tiep nhan": "officer", "nguoi tiep nhan": "officer",
	"received": "received", "thoi gian nhan": "received", "ngay nhan": "received", "thoi gian tiep nhan": "received", "ngay tiep nhan": "received",
	"due": "due", "hen tra": "due", "ngay hen tra": "due", "thoi gian hen tra": "due", "thoi gian tra ket qua": "due", "ngay hen tra ket qua": "due",
}

// services are the words for a kind of service, as fold writes them.
var services = map[string]string{
	"hanh chinh": "administrative", "hanh chinh cong": "administrative", "dich vu hanh chinh cong": "administrative",
	"su nghiep": "public", "su nghiep cong": "public", "dich vu su nghiep cong": "public",
}

// fold writes a word in lower case, without Vietnamese marks, with single spaces.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\ufeff':
			return -1
		case r == 'đ' || r == 'Đ':
			return 'd'
		case r == '_' || r == '-' || unicode.IsSpace(r):
			return ' '
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
	return strings.Join(strings.Fields(s), " ")
}

// Line is one row of a file, or why it is none.
type Line struct {
	Number int // in the file, from 1
	Row    Row
	Fault  *survey.Error
}

// ReadCSV reads the rows of a CSV file in UTF-8 of at most MaxCSV bytes, with or
// without byte order mark, parted by commas, semicolons or tabs. The first line
// names the columns, in Vietnamese or English: mã hồ sơ (code), bộ phận một cửa
// (desk), thời gian nhận (received) must be there; cơ quan giải quyết (unit),
// loại dịch vụ (service), lĩnh vực (field), thủ tục (procedure), mã cán bộ
// (officer) and hẹn trả (due) may be.
//
// An error is about the file as a whole: survey.CodeFileTooLarge,
// CodeFileNotUTF8, CodeCSVHeader. What keeps one line from being read stands in
// that line; empty lines are left out.
func ReadCSV(in io.Reader) ([]Line, error) {
	data, err := io.ReadAll(io.LimitReader(in, MaxCSV+1))
	if err != nil {
		return nil, survey.Wrap(survey.CodeFileUnreadable, err, "CSV")
	}
	if len(data) > MaxCSV {
		return nil, survey.New(survey.CodeFileTooLarge, MaxCSV>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return nil, survey.New(survey.CodeFileNotUTF8, "CSV")
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = separator(data)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	names, err := r.Read()
	if err != nil {
		return nil, survey.Wrap(survey.CodeCSVHeader, err, "code")
	}
	places, err := header(names)
	if err != nil {
		return nil, err
	}
	var lines []Line
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		var syntax *csv.ParseError
		switch {
		case errors.As(err, &syntax):
			lines = append(lines, Line{Number: syntax.StartLine, Fault: survey.Wrap(survey.CodeCSVSyntax, err, syntax.StartLine)})
		case err != nil:
			return nil, survey.Wrap(survey.CodeFileUnreadable, err, "CSV")
		case !blank(fields):
			number, _ := r.FieldPos(0)
			lines = append(lines, toLine(number, places, fields))
		}
	}
}

// separator is comma, semicolon or tab: whichever the first line has most of.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', bytes.Count(first, []byte(","))
	for _, c := range []rune{';', '\t'} {
		if n := bytes.Count(first, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// header gives the name of each column.
func header(names []string) ([]string, error) {
	places := make([]string, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		places[i] = columns[fold(name)]
		if places[i] == "" || seen[places[i]] {
			return nil, survey.New(survey.CodeCSVHeader, clip(name))
		}
		seen[places[i]] = true
	}
	for _, must := range []string{"code", "desk", "received"} {
		if !seen[must] {
			return nil, survey.New(survey.CodeCSVHeader, must)
		}
	}
	return places, nil
}

func blank(fields []string) bool {
	for _, f := range fields {
		if strings.TrimSpace(f) != "" {
			return false
		}
	}
	return true
}

func toLine(number int, places, fields []string) Line {
	l := Line{Number: number}
	for i, f := range fields {
		f = strings.Clone(strings.TrimSpace(f))
		if i >= len(places) {
			if f != "" { // what trails by itself is a spreadsheet's
				l.Fault = survey.New(survey.CodeCSVSyntax, number)
			}
			continue
		}
		switch places[i] {
		case "code":
			l.Row.Code = f
		case "desk":
			l.Row.Desk = f
		case "unit":
			l.Row.Unit = f
		case "service":
			l.Row.Service = f
			if s := services[fold(f)]; s != "" {
				l.Row.Service = s
			}
		case "field":
			l.Row.Field = f
		case "procedure":
			l.Row.Procedure = f
		case "officer":
			l.Row.Officer = f
		case "received":
			l.Row.Received = f
		case "due":
			l.Row.Due = f
		}
	}
	return l
}
