package report

import (
	"time"
	"unicode"
	"unicode/utf8"

	"hailong/internal/locale"
	"hailong/internal/survey"
)

// PeriodName is what a period is called: «Tháng 11 năm 2026», «Quý IV năm 2026»,
// «6 tháng đầu năm 2026», «Năm 2026», «Ngày 23/11/2026», else its first and last
// day.
func PeriodName(l *locale.Language, p survey.Period) string {
	from, last := p.From, p.Last()
	year, month, _ := from.Date()
	switch {
	case p == from.Single():
		return l.T("report.period.day", "Date", l.Date(from.Start()))
	case p == from.Month():
		return l.T("report.period.month", "Month", int(month), "Name", month.String(), "Year", year)
	case p == from.Quarter():
		return l.T("report.period.quarter", "Quarter", []string{"I", "II", "III", "IV"}[(month-1)/3], "Year", year)
	case p == from.Year():
		return l.T("report.period.year", "Year", year)
	case p == half(year, time.January):
		return l.T("report.period.firsthalf", "Year", year)
	case p == half(year, time.July):
		return l.T("report.period.secondhalf", "Year", year)
	case p.From == from.Year().From && p.To == last.Month().To && last < from.Year().To:
		_, end, _ := last.Date()
		return l.T("report.period.months", "Months", int(end), "Year", year)
	}
	return l.T("report.period.range", "From", l.Date(from.Start()), "To", l.Date(last.Start()))
}

// half is the half-year from a month on.
func half(year int, from time.Month) survey.Period {
	return survey.Period{From: survey.NewDay(year, from, 1), To: survey.NewDay(year, from+6, 1)}
}

// within is the period's name as it stands within a sentence.
func within(l *locale.Language, p survey.Period) string {
	name := PeriodName(l, p)
	if l.Tag != locale.Default {
		return name // an English month keeps its capital
	}
	return lowerFirst(name)
}

// lowerFirst is a term as it stands within a sentence.
func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[size:]
}
