package periodic

import (
	"strconv"
	"strings"
	"time"

	"hailong/internal/survey"
)

// ParsePeriod reads what a period is called in addresses and commands: 2026-10 a
// month, 2026-Q4 a quarter, 2026-H2 a half-year, 2026 a year. Anything else is
// CodeBadField of the field named.
func ParsePeriod(field, text string) (survey.Period, error) {
	year, part, divided := strings.Cut(text, "-")
	y, err := strconv.Atoi(year)
	if err != nil || len(year) != 4 || y < 1970 {
		return survey.Period{}, survey.New(survey.CodeBadField, field)
	}
	number := func(digits string, width, most int) (int, bool) {
		n, err := strconv.Atoi(digits)
		return n, err == nil && len(digits) == width && digits[0] != '+' && n >= 1 && n <= most
	}
	if !divided {
		return survey.NewDay(y, time.January, 1).Year(), nil
	}
	if n, ok := number(part, 2, 12); ok {
		return survey.NewDay(y, time.Month(n), 1).Month(), nil
	}
	if digits, ok := strings.CutPrefix(part, "Q"); ok {
		if n, ok := number(digits, 1, 4); ok {
			return survey.NewDay(y, time.Month(3*n-2), 1).Quarter(), nil
		}
	}
	if digits, ok := strings.CutPrefix(part, "H"); ok {
		if n, ok := number(digits, 1, 2); ok {
			return halfOf(survey.NewDay(y, time.Month(6*n-5), 1)), nil
		}
	}
	return survey.Period{}, survey.New(survey.CodeBadField, field)
}
