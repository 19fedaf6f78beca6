package locale

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// zone is the time of Asia/Ho_Chi_Minh, in which every date is shown.
var zone = time.FixedZone("+07", 7*60*60)

// style is how a language writes numbers and dates.
type style struct {
	decimal, group string
	date, moment   string // layouts of package time
}

// styleOf gives the Vietnamese style to every language but English, Lao too:
// dates with the day first, a comma before decimals.
func styleOf(tag string) style {
	if tag == "en" {
		return style{decimal: ".", group: ",", date: "2 Jan 2006", moment: "2 Jan 2006, 15:04"}
	}
	return style{decimal: ",", group: ".", date: "02/01/2006", moment: "15:04 02/01/2006"}
}

// Number writes an integer with its thousands grouped: 1.234.
func (l *Language) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	return sign + l.grouped(digits)
}

func (l *Language) grouped(digits string) string {
	if len(digits) <= 3 {
		return digits
	}
	var b strings.Builder
	head := len(digits) % 3
	b.WriteString(digits[:head])
	for i := head; i < len(digits); i += 3 {
		if b.Len() > 0 {
			b.WriteString(l.style.group)
		}
		b.WriteString(digits[i : i+3])
	}
	return b.String()
}

// Decimal writes a number rounded to that many decimals: 95,6. What is not a
// number is «–».
func (l *Language) Decimal(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	text := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, rest, _ := strings.Cut(text, ".")
	text = l.grouped(whole)
	if rest != "" {
		text += l.style.decimal + rest
	}
	if v < 0 && strings.ContainsAny(text, "123456789") {
		text = "−" + text
	}
	return text
}

// Percent writes a share (0–1) in percent with that many decimals: 95,6%.
func (l *Language) Percent(share float64, decimals int) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return "–"
	}
	return l.Decimal(share*100, decimals) + "%"
}

// Ratio writes part ÷ whole in percent, rounded half up in exact integers to
// that many decimals (0–4): 95,6%. With a whole of 0 it is «–». 0 ≤ part.
func (l *Language) Ratio(part, whole int64, decimals int) string {
	if whole <= 0 {
		return "–"
	}
	scale := int64(1)
	for range decimals {
		scale *= 10
	}
	// Quotient and remainder are taken apart so that nothing overflows.
	units := part/whole*100*scale + (part%whole*100*scale+whole/2)/whole
	text := l.Number(units / scale)
	if decimals > 0 {
		rest := strconv.FormatInt(units%scale, 10)
		text += l.style.decimal + strings.Repeat("0", decimals-len(rest)) + rest
	}
	return text + "%"
}

// Hundredths writes hundredths of a percent, as targets are kept, without
// trailing zeros: 95%, 95,5%.
func (l *Language) Hundredths(h int32) string {
	text := l.Number(int64(h / 100))
	if rest := h % 100; rest != 0 {
		two := strconv.Itoa(100 + int(rest))[1:]
		text += l.style.decimal + strings.TrimRight(two, "0")
	}
	return text + "%"
}

// Date writes the day in Vietnam at that moment: 23/11/2026.
func (l *Language) Date(t time.Time) string { return t.In(zone).Format(l.style.date) }

// Moment writes day and minute in Vietnam: 09:30 23/11/2026.
func (l *Language) Moment(t time.Time) string { return t.In(zone).Format(l.style.moment) }

// Clock writes the time of day in Vietnam: 09:30.
func (l *Language) Clock(t time.Time) string { return t.In(zone).Format("15:04") }

// Choice is the language of one request.
type Choice struct {
	*Language
	// Explicit is true where the address asked for it: links then carry it on,
	// since no cookie remembers it.
	Explicit bool
}

// Link gives a path of ours with the choice carried on.
func (c Choice) Link(path string) string {
	if !c.Explicit {
		return path
	}
	return In(path, c.Tag)
}

// In gives a path of ours in the language of a tag.
func In(path, tag string) string {
	path, fragment, found := strings.Cut(path, "#")
	if found {
		fragment = "#" + fragment
	}
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + "lang=" + tag + fragment
}
