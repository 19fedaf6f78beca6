package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"hailong/server/report"
)

// run gives what a program prints.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed; try: make test-tools", name)
	}
	c := exec.Command(path, args...)
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// save writes a report into a folder.
func save(t *testing.T, folder, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// text is all that a file holds, whatever packs it.
func text(t *testing.T, f report.Format, data []byte) string {
	t.Helper()
	switch f {
	case report.PDF:
		return run(t, "pdftotext", "-layout", save(t, t.TempDir(), "r.pdf", data), "-")
	case report.CSV:
		return string(data)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range z.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		// Each part is XML that a strict reader takes.
		d := xml.NewDecoder(bytes.NewReader(part))
		for err == nil {
			_, err = d.Token()
		}
		if err != io.EOF {
			t.Errorf("%s in %s: %v", file.Name, f, err)
		}
		all.Write(part)
	}
	return all.String()
}

// Nothing of a row with too few answers is in any file, in whatever way it is
// written; and no file has a key in place of its message.
func TestTooFewAreInNoFile(t *testing.T) {
	key := regexp.MustCompile(`report\.[a-z]+(\.[a-z0-9]+)?|<no value>|%!`)
	grouped := regexp.MustCompile(`735[.,]?419|73[.,]54|367709`)
	for _, tag := range []string{"vi", "en"} {
		for _, f := range formats(t) {
			all := text(t, f, written(t, sample(t, tag, 24), f))
			if found := grouped.FindString(all); found != "" {
				t.Errorf("%s in %s shows %q", f, tag, found)
			}
			if found := key.FindString(all); found != "" {
				t.Errorf("%s in %s has %q", f, tag, found)
			}
		}
	}
}

// Sample data, and figures that are not final, say so in every file.
func TestSaysWhatTheFiguresAre(t *testing.T) {
	squeezed := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	for _, f := range formats(t) {
		r := sample(t, "vi", 3)
		if all := squeezed(text(t, f, written(t, r, f))); !strings.Contains(all, "chính thức") || strings.Contains(all, "tạm tính") {
			t.Errorf("%s of a closed period does not say that it is final", f)
		}
		r.Closed = time.Time{}
		if all := squeezed(text(t, f, written(t, r, f))); !strings.Contains(all, "tạm tính") {
			t.Errorf("%s does not say that it is provisional", f)
		}
		r.Sample = true
		if all := squeezed(text(t, f, written(t, r, f))); !strings.Contains(strings.ToLower(all), "dữ liệu mẫu") {
			t.Errorf("%s does not say that it is made up", f)
		}
	}
}

func TestCSV(t *testing.T) {
	r := sample(t, "vi", 24)
	data := written(t, r, report.CSV)
	body, marked := strings.CutPrefix(string(data), "\uFEFF")
	if !marked || strings.Count(body, "\n") != strings.Count(body, "\r\n") || !strings.HasSuffix(body, "\r\n") {
		t.Error("no byte order mark, or a line that does not end as RFC 4180 has it")
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll() // refuses rows of other lengths
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + 2*24*6; len(rows) != want {
		t.Fatalf("%d rows, want %d", len(rows), want)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		if _, twice := column[name]; twice {
			t.Errorf("two columns %q", name)
		}
		column[name] = i
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	u := r.Services[0].Units[0]
	row := rows[1]
	for name, want := range map[string]string{
		"Đơn vị": "'" + u.Unit.Name, "Tổng số phiếu": fmt.Sprint(u.Counts.Answers()), "Rất hài lòng": fmt.Sprint(u.Counts[4]),
		"Rất không hài lòng": fmt.Sprint(u.Counts[0]), "Mục tiêu": "trên 95%", "Từ ngày": "2026-10-01", "Đến hết ngày": "2026-12-31",
		"Tỷ lệ hài lòng (%)": strconv.FormatFloat(100*float64(u.Counts.Satisfied())/float64(u.Counts.Answers()), 'f', 2, 64),
	} {
		if at, ok := column[name]; !ok || row[at] != want {
			t.Errorf("%s: %q, want %q", name, row[at], want)
		}
	}
	if name := rows[1+7*6][column["Đơn vị"]]; name != r.Services[0].Units[7].Unit.Name {
		t.Errorf("name %q", name)
	}
}

// Numbers are numbers, names are text, and nothing is a formula.
func TestXLSX(t *testing.T) {
	r := sample(t, "vi", 24)
	f, err := excelize.OpenReader(bytes.NewReader(written(t, r, report.XLSX)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, want := f.GetSheetList(), []string{"Theo đơn vị", "Theo yếu tố", "Hồ sơ, tham gia", "Sau khi chốt", "Biểu đồ", "Phương pháp"}; !slices.Equal(got, want) {
		t.Fatalf("sheets %q, want %q", got, want)
	}
	const units = "Theo đơn vị"
	u := r.Services[0].Units[0]
	share := float64(u.Counts.Satisfied()) / float64(u.Counts.Answers())
	for cell, want := range map[string]float64{"E7": float64(u.Counts.Answers()), "F7": float64(u.Counts[4]), "N7": float64(u.Counts[0]),
		"P7": share, "Q7": u.Low, "R7": u.High, "S7": 0.95} {
		kind, err := f.GetCellType(units, cell)
		raw, err2 := f.GetCellValue(units, cell, excelize.Options{RawCellValue: true})
		got, err3 := strconv.ParseFloat(raw, 64)
		if err != nil || err2 != nil || err3 != nil || math.Abs(got-want) > 1e-12 || kind != excelize.CellTypeNumber && kind != excelize.CellTypeUnset {
			t.Errorf("%s: %q of type %v, want %v", cell, raw, kind, want)
		}
	}
	for cell, want := range map[string]string{"C7": report.Clean(u.Unit.Name), "P7": percent(share), "S7": "> 95%", "F5": "Rất hài lòng", "G6": "Tỷ lệ", "T12": "Dưới 5 phiếu", "E12": ""} {
		if got, err := f.GetCellValue(units, cell); err != nil || strings.ReplaceAll(got, ",", ".") != strings.ReplaceAll(want, ",", ".") {
			t.Errorf("%s: %q, want %q (%v)", cell, got, want, err)
		}
	}
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for y, row := range rows {
			for x := range row {
				cell, _ := excelize.CoordinatesToCellName(x+1, y+1)
				if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
					t.Errorf("%s!%s is the formula %q (%v)", sheet, cell, formula, err)
				}
			}
		}
		layout, err := f.GetPageLayout(sheet)
		if err != nil || *layout.Size != 9 || (*layout.Orientation == "landscape") == (sheet == "Phương pháp") {
			t.Errorf("%s is not set up for A4: %v", sheet, err)
		}
	}
	panes, err := f.GetPanes(units)
	if err != nil || !panes.Freeze || panes.YSplit != 6 || panes.XSplit != 3 {
		t.Errorf("panes %+v, %v", panes, err)
	}
	names := map[string]string{}
	for _, n := range f.GetDefinedName() {
		names[n.Scope+" "+n.Name] = n.RefersTo
	}
	if names[units+" _xlnm.Print_Titles"] != "'Theo đơn vị'!$5:$6" || !strings.HasPrefix(names[units+" _xlnm.Print_Area"], "'Theo đơn vị'!$A$1:$") {
		t.Errorf("printed: %q", names)
	}
	parts := text(t, report.XLSX, written(t, r, report.XLSX))
	if got := strings.Count(parts, "<chartSpace"); got != 6 {
		t.Errorf("%d charts, want 3 for each of two services", got)
	}
	if !strings.Contains(parts, "[$-42A]0.0%") {
		t.Error("percentages are not in the Vietnamese format")
	}
}

// percent as excelize, which knows no comma, shows it.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + "%" }

// LibreOffice opens both, and shows what they are to show.
func TestLibreOffice(t *testing.T) {
	folder := t.TempDir()
	r := sample(t, "vi", 24)
	sheet := save(t, folder, "sheet.xlsx", written(t, r, report.XLSX))
	letter := save(t, folder, "letter.docx", written(t, r, report.DOCX))
	for _, to := range [][]string{{"pdf", sheet, letter}, {"csv:Text - txt - csv (StarCalc):44,34,76", sheet}} {
		args := []string{"-env:UserInstallation=file://" + filepath.Join(folder, "profile"), "--headless", "--convert-to", to[0], "--outdir", folder}
		run(t, "soffice", append(args, to[1:]...)...)
	}

	data, err := os.ReadFile(filepath.Join(folder, "sheet.csv"))
	if err != nil {
		t.Fatal(err)
	}
	c := csv.NewReader(bytes.NewReader(data))
	rows, err := c.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	u := r.Services[0].Units[0]
	if row := rows[6]; row[2] != u.Unit.Name || row[15] != strings.Replace(percent(float64(u.Counts.Satisfied())/float64(u.Counts.Answers())), ".", ",", 1) || row[18] != "> 95%" {
		t.Errorf("LibreOffice has %q", row)
	}
	for file, wants := range map[string][]string{
		"letter.pdf": {"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Số: 07/BC-SNV", "ngày 05 tháng 01 năm 2027", "quý IV năm 2026",
			"PHỤ LỤC V", "Nơi nhận:", "- Lưu: VT, CCHC.", "PHÓ GIÁM ĐỐC", "=cmd|'/C calc'!A0", "<b>Xã Hưng Lộc</b>", "Xã Nghi Ân", "dưới 5 phiếu, không hiển thị"},
		"sheet.pdf": {"KẾT QUẢ ĐÁNH GIÁ", "Khoảng tin cậy 95%", "Cách tính và độ tin cậy", "Biểu đồ"},
	} {
		got := run(t, "pdftotext", "-layout", filepath.Join(folder, file), "-")
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s has no %q", file, want)
			}
		}
	}
}

// A PDF has the decree's parts, its table's head on each page, and numbers on
// all pages but the first.
func TestPDF(t *testing.T) {
	if !hasFonts(t) {
		return
	}
	path := save(t, t.TempDir(), "r.pdf", written(t, sample(t, "vi", 60), report.PDF))
	info := run(t, "pdfinfo", path)
	for _, want := range []string{"Kết quả đánh giá mức độ hài lòng của người dân, tổ chức – Quý IV năm 2026", "Sở Nội vụ"} {
		if !strings.Contains(info, want) {
			t.Errorf("pdfinfo has no %q:\n%s", want, info)
		}
	}
	if fonts := run(t, "pdffonts", path); len(regexp.MustCompile(`CID TrueType +Identity-H +yes (yes|no) +yes`).FindAllString(fonts, -1)) != 3 {
		t.Errorf("not three embedded fonts with Unicode:\n%s", fonts)
	}
	pages := strings.Split(run(t, "pdftotext", "-layout", path, "-"), "\f")
	pages = pages[:len(pages)-1]
	tables := 0
	for i, page := range pages {
		lines := strings.Split(strings.TrimSpace(page), "\n")
		if numbered := strings.TrimSpace(lines[0]) == strconv.Itoa(i+1); numbered != (i > 0) {
			t.Errorf("page %d begins with %q", i+1, lines[0])
		}
		if regexp.MustCompile(`\d%.*\d–\d.*%.*trên 95%`).MatchString(page) {
			tables++
			if !strings.Contains(page, "Bình thường") || !strings.Contains(page, "Kết luận") {
				t.Errorf("page %d goes on with a table without its head", i+1)
			}
		}
	}
	if tables < 3 {
		t.Errorf("%d pages of a table of 60 units", tables)
	}
	for _, want := range []string{"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "UBND TỈNH NGHỆ AN", "SỞ NỘI VỤ", "Số: 07/BC-SNV",
		"Nghệ An, ngày 05 tháng 01 năm 2027", "BÁO CÁO", "quý IV năm 2026"} {
		if !strings.Contains(pages[0], want) {
			t.Errorf("the first page has no %q", want)
		}
	}
	whole := strings.Join(strings.Fields(strings.Join(pages, " ")), " ")
	for _, want := range []string{"Nơi nhận:", "- UBND tỉnh (để báo cáo);", "- Lưu: VT, CCHC.", "KT. GIÁM ĐỐC", "Nguyễn Văn Mẫu", "./.", "Xã Nghi Ân",
		"PHỤ LỤC IV", "dưới 5 phiếu, không hiển thị", "Quyết định 766/QĐ-TTg", "<b>Xã Hưng Lộc</b>"} {
		if !strings.Contains(whole, want) {
			t.Errorf("no %q", want)
		}
	}
	if out := run(t, "pdftoppm", "-r", "20", "-gray", path, filepath.Join(filepath.Dir(path), "page")); strings.Contains(out, "Error") {
		t.Error(out)
	}
	// No word lies outside the decree's margins, left and right.
	size := regexp.MustCompile(`<page width="([\d.]+)"`)
	word := regexp.MustCompile(`xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)"`)
	var width float64
	for line := range strings.Lines(run(t, "pdftotext", "-bbox", path, "-")) {
		if m := size.FindStringSubmatch(line); m != nil {
			width, _ = strconv.ParseFloat(m[1], 64)
		}
		if m := word.FindStringSubmatch(line); m != nil {
			from, _ := strconv.ParseFloat(m[1], 64)
			to, _ := strconv.ParseFloat(m[2], 64)
			const mm = 72 / 25.4
			if from < 30*mm-1 || to > width-15*mm+1 {
				t.Errorf("outside the margins: %s", line)
			}
		}
	}
}
