package survey

// SampleNeeded is the number of ballots that n transactions need, for an error
// of 5%: n ÷ (1 + n·0.05²) rounded up, in exact integers. It is the formula of
// the ministry's training text (DOMAIN.md section 2): 150 → 110, 600 → 240,
// 2,718 → 349. It never exceeds 400. 0 for n ≤ 0.
func SampleNeeded(n int64) int64 {
	const inverse = 400 // 1 ÷ 0.05²
	switch {
	case n <= 0:
		return 0
	case n > inverse*inverse: // beyond, n·400 ÷ (400 + n) is above 399; and nothing overflows
		return inverse
	}
	return (n*inverse + n + inverse - 1) / (n + inverse)
}

// Ratio766 is «Tỷ lệ hài lòng trong tiếp nhận, giải quyết TTHC» of Quyết định
// 766/QĐ-TTg (2022): (all − bad) ÷ all dossiers, where bad are those rated
// dissatisfied, complained of, or overdue, each counted once. Whoever does not
// answer counts as satisfied, so it is never to be mixed with the survey's
// rate. The Tally is empty where there are no dossiers; bad beyond all counts
// as all.
func Ratio766(all, bad int64) Tally {
	if all <= 0 {
		return Tally{}
	}
	return Tally{Satisfied: all - min(max(bad, 0), all), Answers: all}
}

// Timeliness counts dossiers by how they were returned.
type Timeliness struct {
	Early  int64 // sớm hẹn
	OnTime int64 // đúng hẹn
	Late   int64 // trễ hẹn
}

// All is the number of dossiers.
func (t Timeliness) All() int64 { return t.Early + t.OnTime + t.Late }

// InTime are the dossiers returned early or on time, of all.
func (t Timeliness) InTime() Tally { return Tally{t.Early + t.OnTime, t.All()} }

// EarlyShare are the dossiers returned early, of all: «trong đó có 30% trở lên»
// could also be read as a share of those in time, which is never smaller.
func (t Timeliness) EarlyShare() Tally { return Tally{t.Early, t.All()} }

// TimelinessTarget is what is asked of a unit's timeliness.
type TimelinessTarget struct {
	InTime Target // early or on time
	Early  Target // of all, early
}

// The targets of the seed document (DOMAIN.md section 1): of departments, and
// of Vinh City.
var (
	TimelinessDepartment = TimelinessTarget{
		InTime: Target{Hundredths: 10000, Operator: OperatorExactly}, // «đạt 100%»
		Early:  Target{Hundredths: 3000, Operator: OperatorAtLeast},  // «30% trở lên»
	}
	TimelinessCity = TimelinessTarget{
		InTime: Target{Hundredths: 9800, Operator: OperatorAbove},   // «trên 98%»
		Early:  Target{Hundredths: 2500, Operator: OperatorAtLeast}, // «25% trở lên»
	}
)

// Judge gives the verdicts on both parts; without dossiers both are too few. A
// dossier is a fact, not an answer of some: one is enough for a verdict.
func (t TimelinessTarget) Judge(have Timeliness) (inTime, early Verdict) {
	in, first := have.InTime(), have.EarlyShare()
	return Judge(t.InTime, in.Satisfied, in.Answers, 1), Judge(t.Early, first.Satisfied, first.Answers, 1)
}

// IndicatorCount is the number of indicators of Nghị định 61/2018.
const IndicatorCount = 9

// Numbers, from 1, of the indicators that this package can compute.
const (
	IndicatorAttitude   = 7
	IndicatorComplaints = 8
)

// Indicator is one of the nine: 0, 1 or 2 points where there is data for it.
type Indicator struct {
	Known  bool
	Points uint8
}

// Indicators are all nine; index 0 is indicator 1.
type Indicators [IndicatorCount]Indicator

// Grade is how the points are called.
type Grade uint8

// The grades.
const (
	GradeExcellent Grade = 1 // Xuất sắc
	GradeGood      Grade = 2 // Tốt
	GradeFair      Grade = 3 // Khá
	GradeAverage   Grade = 4 // Trung bình
	GradeWeak      Grade = 5 // Yếu
)

var gradeNames = []string{"", "excellent", "good", "fair", "average", "weak"}

// String gives "excellent", "good", "fair", "average" or "weak"; "" for none.
func (g Grade) String() string { return name(gradeNames, g) }

// MarshalText writes String.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads what MarshalText wrote, or gives CodeBadField.
func (g *Grade) UnmarshalText(t []byte) error {
	return read(gradeNames, g, t, New(CodeBadField, "grade"))
}

// Assessment is the sum of the indicators that are known.
type Assessment struct {
	Points, Most int   // Most is 2 for each known indicator: nothing is scaled
	Known        int   // number of indicators with data
	Grade        Grade // 0 unless all nine are known
}

// IndicatorRules say how points become a grade, and when: from From until
// before To.
type IndicatorRules struct {
	Source   string
	From, To Day
	Grades   []GradeFrom // best first; the last begins at 0
}

// GradeFrom is a grade and the least points for it.
type GradeFrom struct {
	Least int
	Grade Grade
}

// AllIndicatorRules are the rule sets, by date. Thông tư 01/2018/TT-VPCP was
// issued on 23/11/2018; Nghị định 118/2025 and Thông tư 03/2025/TT-VPCP
// replaced it on 1/7/2025, with articles that are not known here (DOMAIN.md
// section 3), so there is no set after it.
var AllIndicatorRules = []IndicatorRules{{
	Source: "Nghị định 61/2018/NĐ-CP, Thông tư 01/2018/TT-VPCP",
	From:   NewDay(2018, 11, 23), To: NewDay(2025, 7, 1),
	Grades: []GradeFrom{{15, GradeExcellent}, {12, GradeGood}, {9, GradeFair}, {6, GradeAverage}, {0, GradeWeak}},
}}

// RulesOn gives the rule set that holds on a day, or nil. A period is judged by
// its last day.
func RulesOn(d Day) *IndicatorRules {
	for i := range AllIndicatorRules {
		if r := &AllIndicatorRules[i]; r.From <= d && d < r.To {
			return r
		}
	}
	return nil
}

// Assess adds up what is known. More than 2 points for an indicator count as 2.
// On a nil rule set there is no grade.
func (r *IndicatorRules) Assess(all Indicators) Assessment {
	var a Assessment
	for _, one := range all {
		if one.Known {
			a.Known++
			a.Most += 2
			a.Points += int(min(one.Points, 2))
		}
	}
	if r == nil || a.Known < IndicatorCount {
		return a
	}
	for _, g := range r.Grades {
		if a.Points >= g.Least {
			a.Grade = g.Grade
			break
		}
	}
	return a
}

// AttitudePoints are those of indicator 7: none where a complaint about
// attitude was verified, else 2. One found untrue is not among the verified.
func AttitudePoints(verified int64) Indicator {
	if verified > 0 {
		return Indicator{Known: true}
	}
	return Indicator{Known: true, Points: 2}
}

// ComplaintPoints are those of indicator 8: 2 where all complaints were
// answered in time, 1 where at least 90% were, else 0; unknown without any.
func ComplaintPoints(inTime, all int64) Indicator {
	switch {
	case all <= 0:
		return Indicator{}
	case inTime >= all:
		return Indicator{Known: true, Points: 2}
	case inTime*10 >= all*9:
		return Indicator{Known: true, Points: 1}
	}
	return Indicator{Known: true}
}
