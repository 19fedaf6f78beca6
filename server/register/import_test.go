package register_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"hailong/internal/survey"
	"hailong/server/register"
	"hailong/server/register/registertest"
)

func importCSV(w *registertest.World, in io.Reader, progress func(done, total int)) (register.Imported, error) {
	lines, err := register.ReadCSV(in)
	if err != nil {
		return register.Imported{}, err
	}
	return w.ImportCSV(ctx, lines, progress)
}

func TestImport(t *testing.T) {
	w := registertest.New(t, nil)
	file := "\ufeffMã hồ sơ;Bộ phận một cửa;Loại dịch vụ;Thời gian nhận;Hẹn trả;Thủ tục\r\n" +
		code + ";D1;Hành chính công;20/11/2026 09:30;30/11/2026;Cấp phép\r\n" +
		";;;;;\r\n" +
		"000.00.06.H41-261120-0362;D9;;20/11/2026 09:30;;\r\n" +
		"000.00.06.H41-261120-0363;D1;;31/11/2026 09:30;;\r\n" +
		"000.00.06.H41-261120-0364;D1;;20/11/2026 09:30;;\"nhiều\r\ndòng\"\r\n" +
		"000.00.06.H41-261120-0365;D1;;20/11/2026 09:30;;sai \" nháy\r\n" +
		code + ";D1;;20/11/2026 09:30;30/11/2026;Cấp phép\r\n" +
		"000.00.06.H41-261120-0366;D2;;20/11/2026 09:30\r\n"
	var progress []string
	done, err := importCSV(w, strings.NewReader(file), func(done, total int) { progress = append(progress, fmt.Sprint(done, "/", total)) })
	if err != nil {
		t.Fatal(err)
	}
	if done.Rows != 7 || len(done.New) != 2 || done.Already != 1 || len(progress) == 0 || progress[len(progress)-1] != "7/7" {
		t.Errorf("%+v, progress %v", done, progress)
	}
	want := map[int]survey.Code{4: survey.CodeUnknownDesk, 5: survey.CodeBadDate, 6: survey.CodeBadField, 8: survey.CodeCSVSyntax}
	for _, f := range done.Faults {
		if want[f.Line] != f.Fault.Code {
			t.Errorf("line %d: %v, want %q", f.Line, f.Fault, want[f.Line])
		}
		delete(want, f.Line)
	}
	if len(want) > 0 {
		t.Errorf("no fault in lines %v", want)
	}
	if done.New[0].Line != 2 || done.New[1].Line != 10 {
		t.Errorf("lines of the new: %+v", done.New)
	}
	before := w.Facts()
	again, err := importCSV(w, strings.NewReader(file), nil)
	if err != nil || len(again.New) != 0 || again.Already != 3 || len(again.Faults) != 4 || w.Facts() != before {
		t.Errorf("second import: %+v %v, %d facts", again, err, w.Facts()-before)
	}
}

func TestBadFiles(t *testing.T) {
	w := registertest.New(t, nil)
	for text, want := range map[string]survey.Code{
		"":                          survey.CodeCSVHeader,
		"code,desk\n":               survey.CodeCSVHeader,
		"code,desk,received,tên\n":  survey.CodeCSVHeader,
		"code,mã hồ sơ,desk\n":      survey.CodeCSVHeader,
		"code,desk,received\n\xff,": survey.CodeFileNotUTF8,
		"c\x00o\x00d\x00e\x00":      survey.CodeFileNotUTF8,
	} {
		if _, err := importCSV(w, strings.NewReader(text), nil); survey.CodeOf(err) != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	large := bytes.Repeat([]byte("a"), register.MaxCSV+1)
	if _, err := importCSV(w, bytes.NewReader(large), nil); survey.CodeOf(err) != survey.CodeFileTooLarge {
		t.Errorf("too large: %v", err)
	}
}

func FuzzImportCSV(f *testing.F) {
	f.Add([]byte("code,desk,received\n" + code + ",D1,2026-11-20T09:30:00+07:00\n"))
	f.Add([]byte("\ufeffmã hồ sơ;bộ phận một cửa;ngày nhận\n\"" + code + "\";D1;20/11/2026 09:30\n"))
	f.Add([]byte("code\tdesk\treceived\n\"open\tD1\tx\n"))
	f.Add([]byte("code,desk,received\n,,,,,,x\n\"a\"b,c\n"))
	w := registertest.New(f, nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		done, err := importCSV(w, bytes.NewReader(data), nil)
		if err != nil {
			if survey.CodeOf(err).Status() >= 500 {
				t.Fatal(err)
			}
			return
		}
		if done.Rows != len(done.New)+done.Already+len(done.Faults) {
			t.Errorf("%d rows, but %d new, %d already, %d faults", done.Rows, len(done.New), done.Already, len(done.Faults))
		}
		before := w.Facts()
		again, err := importCSV(w, bytes.NewReader(data), nil)
		if err != nil || len(again.New) > 0 || again.Already != done.Already+len(done.New) || w.Facts() != before {
			t.Errorf("the second import is not like the first: %+v, then %+v %v", done, again, err)
		}
	})
}
