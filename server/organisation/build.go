package organisation

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/language"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// builder turns rows into facts; every check that needs more than one row comes
// after, in check.go.
type builder struct {
	*collector
	o *Organisation

	// Places of the rows of o, by the same index.
	unitAt, targetAt []row
	kinds            map[string]bool
	units            map[string]int
	desks            map[string]bool
}

// build gives what the document says; it is of use only where no fault was added.
func build(c *collector, d *document) *Organisation {
	b := &builder{collector: c, o: &Organisation{}, kinds: make(map[string]bool), units: make(map[string]int), desks: make(map[string]bool)}
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
		k := fact.Kiosk{Code: b.code(codes, r), Desk: r.get("desk").text, Name: b.name(r, "name")}
		if k.Desk != "" && !b.desks[k.Desk] {
			b.add(r.get("desk").at, "thêm quầy này vào mục desks, hoặc sửa mã", "không có bộ phận một cửa mang mã «%s»", clip(k.Desk))
		}
		b.o.Kiosks = append(b.o.Kiosks, k)
	}
	b.addTargets(d.lists["targets"])
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
	if v := d.settings.get(SettingLeastAnswers); v.text != "" {
		n, err := strconv.Atoi(v.text)
		if err != nil || n < survey.LeastShown || n > 100000 || strconv.Itoa(n) != v.text {
			b.add(v.at, "ví dụ 30", "số phiếu ít nhất để kết luận phải là số nguyên từ %d đến 100000", survey.LeastShown)
		}
		set(SettingLeastAnswers, v.text)
	}
	if v := d.settings.get(SettingSample); v.text != "" {
		if v.text != "true" && v.text != "false" {
			b.add(v.at, "true hoặc false", "dữ liệu mẫu (sample) phải là true hoặc false")
		}
		set(SettingSample, v.text)
	}
	set(SettingLanguages, b.languages(d.tags))
	set(SettingHours, b.hours(d.settings, SettingHours))
	var patterns []string
	for _, v := range d.patterns {
		if _, err := receipt.CompilePatterns([]string{v.text}); err != nil || v.text == "" {
			b.add(v.at, `ví dụ '(\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})-(\d{6})-(\d{4,6})'`, "mẫu mã hồ sơ «%s» chưa đúng, hoặc rộng đến mức nhận cả mã giấy hẹn", clip(v.text))
		}
		patterns = append(patterns, v.text)
	}
	joined := strings.Join(patterns, "\n")
	if len(joined) > fact.MaxText {
		b.add(d.patterns[0].at, "bỏ bớt mẫu", "các mẫu mã hồ sơ dài quá %d byte", fact.MaxText)
	}
	set(SettingPatterns, joined)
}

// languages checks the tags of the languages offered; Vietnamese is always one.
func (b *builder) languages(tags []value) string {
	var all []string
	for _, v := range tags {
		tag, err := language.Parse(v.text)
		switch {
		case err != nil || tag.String() != v.text:
			b.add(v.at, "ví dụ vi, en, lo", "«%s» không phải là mã ngôn ngữ (BCP 47)", clip(v.text))
		case slices.Contains(all, v.text):
			b.add(v.at, "bỏ một trong hai", "ngôn ngữ «%s» được ghi hai lần", v.text)
		}
		all = append(all, v.text)
	}
	if len(tags) > 0 && !slices.Contains(all, "vi") {
		b.add(tags[0].at, "thêm vi vào danh sách", "thiếu tiếng Việt (vi)")
	}
	joined := strings.Join(all, ",")
	if len(joined) > fact.MaxText {
		b.add(tags[0].at, "bỏ bớt ngôn ngữ", "danh sách ngôn ngữ dài quá %d byte", fact.MaxText)
	}
	return joined
}

// hours checks opening hours.
func (b *builder) hours(r row, key string) string {
	v := r.get(key)
	if _, err := survey.ParseHours(v.text); err != nil || len(v.text) > fact.MaxText {
		b.add(v.at, `ví dụ "T2-T6 07:30-11:30 13:30-17:00; T7 07:30-11:30"`, "giờ mở cửa «%s» chưa đúng", clip(v.text))
	}
	return v.text
}

// codeForm keeps codes fit for addresses and for reading out.
var codeForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// code gives a row's code, which no other row of its list may bear. Codes that
// differ only in case count as one, since addresses are typed.
func (b *builder) code(seen map[string]position, r row) string {
	v := r.get("code")
	if v.text == "" {
		return ""
	}
	if !codeForm.MatchString(v.text) {
		b.add(v.at, "ví dụ VINH-BTH hoặc 16681", "mã «%s» chỉ được gồm chữ không dấu, số và dấu . _ -, nhiều nhất 40 ký tự", clip(v.text))
	}
	key := strings.ToLower(v.text)
	if first, ok := seen[key]; ok {
		b.add(v.at, "đổi một trong hai mã", "mã «%s» đã có ở dòng %d", clip(v.text), first.line)
	} else {
		seen[key] = v.at
	}
	return v.text
}

// name gives a text that people see.
func (b *builder) name(r row, key string) string {
	v := r.get(key)
	if len(v.text) > fact.MaxText {
		b.add(v.at, "rút ngắn", "«%s» dài quá %d byte", key, fact.MaxText)
	}
	if strings.ContainsFunc(v.text, unicode.IsControl) {
		b.add(v.at, "gõ lại giá trị này", "«%s» có ký tự điều khiển", key)
	}
	return v.text
}

// day gives a date as days; absent is 0. Dates before 2000 are taken for slips
// of the pen.
func (b *builder) day(r row, key string) int32 {
	v := r.get(key)
	if v.text == "" {
		return 0
	}
	d, err := survey.ParseDay(v.text)
	if y, _, _ := d.Date(); err != nil || y < 2000 {
		b.add(v.at, "viết năm-tháng-ngày, ví dụ 2018-01-01", "«%s» không phải là một ngày có thật", clip(v.text))
		return 0
	}
	return int32(d)
}

// service gives a kind of service.
func (b *builder) service(r row) uint8 {
	v := r.get("service")
	s, err := survey.ParseService(v.text)
	if err != nil && v.text != "" {
		b.add(v.at, "administrative (dịch vụ hành chính công) hoặc public (dịch vụ sự nghiệp công)", "không có loại dịch vụ «%s»", clip(v.text))
	}
	return uint8(s)
}

func (b *builder) addUnits(rows []row) {
	codes := make(map[string]position)
	for _, r := range rows {
		u := fact.Unit{
			Code: b.code(codes, r), Name: b.name(r, "name"), NameEN: b.name(r, "name_en"), Kind: r.get("kind").text,
			Parent: r.get("parent").text, From: b.day(r, "from"), Until: b.day(r, "until"),
		}
		if u.Kind != "" && !b.kinds[u.Kind] {
			b.add(r.get("kind").at, "thêm loại này vào mục unit_kinds, hoặc sửa mã", "không có loại đơn vị mang mã «%s»", clip(u.Kind))
		}
		if u.Until != 0 && u.Until <= u.From {
			b.add(r.get("until").at, "until là ngày đầu tiên không còn đơn vị", "ngày kết thúc phải sau ngày bắt đầu")
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
		d := fact.Desk{Code: b.code(codes, r), Unit: r.get("unit").text, Name: b.name(r, "name"), NameEN: b.name(r, "name_en"), Service: b.service(r)}
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
	if _, ok := b.units[v.text]; v.text != "" && !ok {
		b.add(v.at, "thêm đơn vị này vào mục units, hoặc sửa mã", "không có đơn vị mang mã «%s»", clip(v.text))
	}
}

func (b *builder) addTargets(rows []row) {
	for _, r := range rows {
		t := fact.Target{Kind: r.get("kind").text, Unit: r.get("unit").text, Service: b.service(r), From: b.day(r, "from")}
		b.knownUnit(r)
		switch {
		case (t.Kind == "") == (t.Unit == ""):
			b.add(r.at, "ghi kind cho cả loại đơn vị, hoặc unit cho riêng một đơn vị", "mục tiêu phải có đúng một trong «kind» và «unit»")
		case t.Kind != "" && !b.kinds[t.Kind]:
			b.add(r.get("kind").at, "thêm loại này vào mục unit_kinds, hoặc sửa mã", "không có loại đơn vị mang mã «%s»", clip(t.Kind))
		}
		var op survey.Operator
		if v := r.get("operator"); v.text != "" && op.UnmarshalText([]byte(v.text)) != nil {
			b.add(v.at, `">" (trên), ">=" (trở lên) hoặc "=" (đạt), trong dấu nháy`, "không có phép so sánh «%s»", clip(v.text))
		}
		t.Operator = uint8(op)
		if v := r.get("percent"); v.text != "" {
			n, err := survey.ParsePercent(v.text)
			if err != nil {
				b.add(v.at, `ví dụ "95" hoặc "95.5"`, "«%s» không phải là phần trăm từ 0 đến 100, nhiều nhất hai chữ số thập phân", clip(v.text))
			} else if n == 10000 && op == survey.OperatorAbove {
				b.add(v.at, `"=" hoặc ">="`, "không tỷ lệ nào trên 100%%")
			}
			t.Hundredths = n
		}
		b.o.Targets = append(b.o.Targets, t)
		b.targetAt = append(b.targetAt, r)
	}
}
