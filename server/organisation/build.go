package organisation

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/language"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

// builder turns rows into facts; every check that needs more than one row comes
// after, in check.go.
type builder struct {
	*yamlfile.File
	o *Organisation

	// Places of the rows of o, by the same index.
	unitAt, targetAt []row
	kinds            map[string]bool
	units            map[string]int
	desks            map[string]bool
}

// build gives what the document says; it is of use only where no fault was added.
func build(c *yamlfile.File, d *document) *Organisation {
	b := &builder{File: c, o: &Organisation{}, kinds: make(map[string]bool), units: make(map[string]int), desks: make(map[string]bool)}
	b.settings(d)
	codes := make(map[string]position)
	for _, r := range d.lists["unit_kinds"] {
		k := fact.UnitKind{Code: b.code(codes, r), Name: b.name(r, "name"), NameEN: b.name(r, "name_en")}
		b.kinds[k.Code] = true
		b.o.Kinds = append(b.o.Kinds, k)
	}
	b.addUnits(d.lists["units"])
	b.addDesks(d.lists["desks"])
	codes = make(map[string]position)
	for _, r := range d.lists["kiosks"] {
		k := fact.Kiosk{Code: b.code(codes, r), Desk: r.get("desk").Text, Name: b.name(r, "name")}
		if k.Desk != "" && !b.desks[k.Desk] {
			b.Add(r.get("desk").At, "thêm quầy này vào mục desks, hoặc sửa mã", "không có bộ phận một cửa mang mã «%s»", yamlfile.Clip(k.Desk))
		}
		b.o.Kiosks = append(b.o.Kiosks, k)
	}
	b.addTargets(d.lists["targets"])
	b.timeliness(d.lists["timeliness"])
	b.checkTree()
	b.checkTargets()
	return b.o
}

func (b *builder) settings(d *document) {
	set := func(key, value string) {
		if value != "" {
			b.o.Settings = append(b.o.Settings, fact.Setting{Key: key, Value: value})
		}
	}
	set(SettingProvince, b.name(d.province, "name"))
	set(SettingProvinceEN, b.name(d.province, "name_en"))
	if v := d.settings.get(SettingLeastAnswers); v.Text != "" {
		n, err := strconv.Atoi(v.Text)
		if err != nil || n < survey.LeastShown || n > 100000 || strconv.Itoa(n) != v.Text {
			b.Add(v.At, "ví dụ 30", "số phiếu ít nhất để kết luận phải là số nguyên từ %d đến 100000", survey.LeastShown)
		}
		set(SettingLeastAnswers, v.Text)
	}
	if v := d.settings.get(SettingSample); v.Text != "" {
		if v.Text != "true" && v.Text != "false" {
			b.Add(v.At, "true hoặc false", "dữ liệu mẫu (sample) phải là true hoặc false")
		}
		set(SettingSample, v.Text)
	}
	set(SettingLanguages, b.languages(d.tags))
	set(SettingHours, b.hours(d.settings, SettingHours))
	for _, key := range slices.Sorted(maps.Keys(retentions)) {
		v := d.settings.get(key)
		if _, ok := survey.ParseRetention(v.Text); !ok && v.Text != "" {
			b.Add(v.At, "ví dụ 365 cho góp ý, 90 cho thông tin liên hệ", "số ngày lưu giữ (%s) phải là số nguyên từ 1 đến %d", key, survey.MostRetention)
		}
		set(retentions[key].Setting, v.Text)
	}
	var patterns []string
	for _, v := range d.patterns {
		if _, err := receipt.CompilePatterns([]string{v.Text}); err != nil || v.Text == "" {
			b.Add(v.At, `ví dụ '(\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})-(\d{6})-(\d{4,6})'`, "mẫu mã hồ sơ «%s» chưa đúng, hoặc rộng đến mức nhận cả mã giấy hẹn", yamlfile.Clip(v.Text))
		}
		patterns = append(patterns, v.Text)
	}
	joined := strings.Join(patterns, "\n")
	if len(joined) > fact.MaxText {
		b.Add(d.patterns[0].At, "bỏ bớt mẫu", "các mẫu mã hồ sơ dài quá %d byte", fact.MaxText)
	}
	set(SettingPatterns, joined)
	b.letter(d)
}

// letter sets every part of the letter, what is left out too: it is empty then,
// and not what an earlier file said.
func (b *builder) letter(d *document) {
	if d.letter == nil {
		return
	}
	for _, part := range LetterTexts {
		b.o.Settings = append(b.o.Settings, fact.Setting{Key: LetterOf(part), Value: b.name(*d.letter, part)})
	}
	for _, part := range LetterLists {
		var lines []string
		for _, v := range d.lines[part] {
			if strings.ContainsFunc(v.Text, unicode.IsControl) {
				b.Add(v.At, "gõ lại giá trị này", "«%s» có ký tự điều khiển", part)
			}
			lines = append(lines, v.Text)
		}
		joined := strings.Join(lines, "\n")
		if len(joined) > fact.MaxText {
			b.Add(d.lines[part][0].At, "rút ngắn", "«%s» dài quá %d byte", part, fact.MaxText)
		}
		b.o.Settings = append(b.o.Settings, fact.Setting{Key: LetterOf(part), Value: joined})
	}
}

// languages checks the tags of the languages offered; Vietnamese is always one.
func (b *builder) languages(tags []value) string {
	var all []string
	for _, v := range tags {
		tag, err := language.Parse(v.Text)
		switch {
		case err != nil || tag.String() != v.Text:
			b.Add(v.At, "ví dụ vi, en, lo", "«%s» không phải là mã ngôn ngữ (BCP 47)", yamlfile.Clip(v.Text))
		case slices.Contains(all, v.Text):
			b.Add(v.At, "bỏ một trong hai", "ngôn ngữ «%s» được ghi hai lần", v.Text)
		}
		all = append(all, v.Text)
	}
	if len(tags) > 0 && !slices.Contains(all, "vi") {
		b.Add(tags[0].At, "thêm vi vào danh sách", "thiếu tiếng Việt (vi)")
	}
	joined := strings.Join(all, ",")
	if len(joined) > fact.MaxText {
		b.Add(tags[0].At, "bỏ bớt ngôn ngữ", "danh sách ngôn ngữ dài quá %d byte", fact.MaxText)
	}
	return joined
}

// hours checks opening hours.
func (b *builder) hours(r row, key string) string {
	v := r.get(key)
	if _, err := survey.ParseHours(v.Text); err != nil || len(v.Text) > fact.MaxText {
		b.Add(v.At, `ví dụ "T2-T6 07:30-11:30 13:30-17:00; T7 07:30-11:30"`, "giờ mở cửa «%s» chưa đúng", yamlfile.Clip(v.Text))
	}
	return v.Text
}

// codeForm keeps codes fit for addresses and for reading out.
var codeForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// code gives a row's code, which no other row of its list may bear. Codes that
// differ only in case count as one, since addresses are typed.
func (b *builder) code(seen map[string]position, r row) string {
	v := r.get("code")
	if v.Text == "" {
		return ""
	}
	if !codeForm.MatchString(v.Text) {
		b.Add(v.At, "ví dụ VINH-BTH hoặc 16681", "mã «%s» chỉ được gồm chữ không dấu, số và dấu . _ -, nhiều nhất 40 ký tự", yamlfile.Clip(v.Text))
	}
	key := strings.ToLower(v.Text)
	if first, ok := seen[key]; ok {
		b.Add(v.At, "đổi một trong hai mã", "mã «%s» đã có ở dòng %d", yamlfile.Clip(v.Text), first.Line)
	} else {
		seen[key] = v.At
	}
	return v.Text
}

// name gives a text that people see.
func (b *builder) name(r row, key string) string {
	v := r.get(key)
	if len(v.Text) > fact.MaxText {
		b.Add(v.At, "rút ngắn", "«%s» dài quá %d byte", key, fact.MaxText)
	}
	if strings.ContainsFunc(v.Text, unicode.IsControl) {
		b.Add(v.At, "gõ lại giá trị này", "«%s» có ký tự điều khiển", key)
	}
	return v.Text
}

// day gives a date as days; absent is 0. Dates before 2000 are taken for slips
// of the pen.
func (b *builder) day(r row, key string) int32 {
	v := r.get(key)
	if v.Text == "" {
		return 0
	}
	d, err := survey.ParseDay(v.Text)
	if y, _, _ := d.Date(); err != nil || y < 2000 {
		b.Add(v.At, "viết năm-tháng-ngày, ví dụ 2018-01-01", "«%s» không phải là một ngày có thật", yamlfile.Clip(v.Text))
		return 0
	}
	return int32(d)
}

// service gives a kind of service.
func (b *builder) service(r row) uint8 {
	v := r.get("service")
	s, err := survey.ParseService(v.Text)
	if err != nil && v.Text != "" {
		b.Add(v.At, "administrative (dịch vụ hành chính công) hoặc public (dịch vụ sự nghiệp công)", "không có loại dịch vụ «%s»", yamlfile.Clip(v.Text))
	}
	return uint8(s)
}

func (b *builder) addUnits(rows []row) {
	codes := make(map[string]position)
	for _, r := range rows {
		u := fact.Unit{
			Code: b.code(codes, r), Name: b.name(r, "name"), NameEN: b.name(r, "name_en"), Kind: r.get("kind").Text,
			Parent: r.get("parent").Text, From: b.day(r, "from"), Until: b.day(r, "until"),
		}
		if u.Kind != "" && !b.kinds[u.Kind] {
			b.Add(r.get("kind").At, "thêm loại này vào mục unit_kinds, hoặc sửa mã", "không có loại đơn vị mang mã «%s»", yamlfile.Clip(u.Kind))
		}
		if u.Until != 0 && u.Until <= u.From {
			b.Add(r.get("until").At, "until là ngày đầu tiên không còn đơn vị", "ngày kết thúc phải sau ngày bắt đầu")
		}
		if _, ok := b.units[u.Code]; !ok && u.Code != "" {
			b.units[u.Code] = len(b.o.Units)
		}
		b.o.Units = append(b.o.Units, u)
		b.unitAt = append(b.unitAt, r)
	}
}

func (b *builder) addDesks(rows []row) {
	codes := make(map[string]position)
	for _, r := range rows {
		d := fact.Desk{Code: b.code(codes, r), Unit: r.get("unit").Text, Name: b.name(r, "name"), NameEN: b.name(r, "name_en"), Service: b.service(r)}
		b.knownUnit(r)
		if h := b.hours(r, "hours"); h != "" {
			b.o.Settings = append(b.o.Settings, fact.Setting{Key: HoursOf(d.Code), Value: h})
		}
		b.desks[d.Code] = true
		b.o.Desks = append(b.o.Desks, d)
	}
}

// knownUnit adds a fault where a row names a unit that isn't there.
func (b *builder) knownUnit(r row) {
	v := r.get("unit")
	if _, ok := b.units[v.Text]; v.Text != "" && !ok {
		b.Add(v.At, "thêm đơn vị này vào mục units, hoặc sửa mã", "không có đơn vị mang mã «%s»", yamlfile.Clip(v.Text))
	}
}

func (b *builder) addTargets(rows []row) {
	for _, r := range rows {
		t := fact.Target{Kind: r.get("kind").Text, Unit: r.get("unit").Text, Service: b.service(r), From: b.day(r, "from")}
		b.knownUnit(r)
		switch {
		case (t.Kind == "") == (t.Unit == ""):
			b.Add(r.at, "ghi kind cho cả loại đơn vị, hoặc unit cho riêng một đơn vị", "mục tiêu phải có đúng một trong «kind» và «unit»")
		case t.Kind != "" && !b.kinds[t.Kind]:
			b.Add(r.get("kind").At, "thêm loại này vào mục unit_kinds, hoặc sửa mã", "không có loại đơn vị mang mã «%s»", yamlfile.Clip(t.Kind))
		}
		var op survey.Operator
		if v := r.get("operator"); v.Text != "" && op.UnmarshalText([]byte(v.Text)) != nil {
			b.Add(v.At, `">" (trên), ">=" (trở lên) hoặc "=" (đạt), trong dấu nháy`, "không có phép so sánh «%s»", yamlfile.Clip(v.Text))
		}
		t.Operator = uint8(op)
		if v := r.get("percent"); v.Text != "" {
			n, err := survey.ParsePercent(v.Text)
			if err != nil {
				b.Add(v.At, `ví dụ "95" hoặc "95.5"`, "«%s» không phải là phần trăm từ 0 đến 100, nhiều nhất hai chữ số thập phân", yamlfile.Clip(v.Text))
			} else if n == 10000 && op == survey.OperatorAbove {
				b.Add(v.At, `"=" hoặc ">="`, "không tỷ lệ nào trên 100%%")
			}
			t.Hundredths = n
		}
		b.o.Targets = append(b.o.Targets, t)
		b.targetAt = append(b.targetAt, r)
	}
}
