// Package survey holds the words and rules of the survey: scores, channels,
// bindings, targets, days and periods, intervals and verdicts, and the
// catalogue of errors. It imports nothing of ours.
package survey

// LeastAnswers is the default of the least number of answers for a verdict;
// below it stands «chưa đủ mẫu» (too few answers).
const LeastAnswers = 30

// LeastShown is the least number of ballots behind any figure that is shown.
const LeastShown = 5

// Score is an answer on the scale of SIPAS: 1 «Rất không hài lòng» … 5 «Rất hài
// lòng». It is a number in JSON.
type Score uint8

// Valid says whether the score is 1–5.
func (s Score) Valid() bool { return s >= 1 && s <= 5 }

// Satisfied says whether the score counts as satisfied: 4 or 5.
func (s Score) Satisfied() bool { return s == 4 || s == 5 }

// Counts are numbers of ballots by score: index 0 is score 1.
type Counts [5]int64

// Answers is the number of all ballots.
func (c Counts) Answers() int64 { return c[0] + c[1] + c[2] + c[3] + c[4] }

// Satisfied is the number of ballots with 4 or 5. «Bình thường» (3) is in the
// denominator only.
func (c Counts) Satisfied() int64 { return c[3] + c[4] }

// Add gives the sums by score.
func (c Counts) Add(d Counts) Counts {
	for i := range c {
		c[i] += d[i]
	}
	return c
}

// Channel is where a rating was given. The numbers are those of the facts.
type Channel uint8

// The channels.
const (
	ChannelKiosk Channel = 1
	ChannelPhone Channel = 2
)

// Binding is what ties a ballot to a dossier or slip. The numbers are those of
// the projection.
type Binding uint8

// The bindings, strongest first.
const (
	BindingReceipt Binding = 1 // the random id of a receipt or slip
	BindingDossier Binding = 2 // only the dossier's code was scanned
	BindingNone    Binding = 3 // a walk-in
)

// Service is the kind of service that was rated. The numbers are those of the
// facts.
type Service uint8

// The kinds of service.
const (
	ServiceAdministrative Service = 1 // dịch vụ hành chính công
	ServicePublic         Service = 2 // dịch vụ sự nghiệp công
)

// Services lists the kinds of service in the order in which they are shown.
var Services = [...]Service{ServiceAdministrative, ServicePublic}

// Step is how far a dossier had come. The numbers are those of the facts.
type Step uint8

// The steps.
const (
	StepReceived   Step = 1
	StepSupplement Step = 2 // asked for supplements
	StepRefused    Step = 3
	StepReturned   Step = 4 // result returned
)

// Operator compares a rate with its target. The numbers are those of the facts.
type Operator uint8

// The operators.
const (
	OperatorAbove   Operator = 1 // «trên X%», strictly greater
	OperatorAtLeast Operator = 2 // «X% trở lên»
	OperatorExactly Operator = 3 // «đạt X%»
)

// Verdict is what a target says of a rate; 0 where there is no target.
type Verdict uint8

// The verdicts.
const (
	VerdictMet    Verdict = 1
	VerdictNotMet Verdict = 2
	VerdictTooFew Verdict = 3
)

var (
	channelNames  = []string{"", "kiosk", "phone"}
	bindingNames  = []string{"", "receipt", "dossier", "none"}
	serviceNames  = []string{"", "administrative", "public"}
	stepNames     = []string{"", "received", "supplement", "refused", "returned"}
	operatorNames = []string{"", ">", ">=", "="}
	verdictNames  = []string{"", "met", "not_met", "too_few"}
)

// name gives the word of a value: "" for 0 and for what has none.
func name[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return ""
}

// read sets v to the value of a word, or gives the error; "" is 0.
func read[T ~uint8](names []string, v *T, text []byte, fault *Error) error {
	for i, n := range names {
		if n == string(text) {
			*v = T(i)
			return nil
		}
	}
	return fault
}

// clip shortens what a stranger wrote for use in a sentence.
func clip(s []byte) string {
	const most = 40
	r := []rune(string(s))
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return string(r)
}

// String gives "kiosk" or "phone".
func (c Channel) String() string { return name(channelNames, c) }

// MarshalText writes String.
func (c Channel) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText wrote, or gives CodeBadField.
func (c *Channel) UnmarshalText(t []byte) error {
	return read(channelNames, c, t, New(CodeBadField, "channel"))
}

// String gives "receipt", "dossier" or "none".
func (b Binding) String() string { return name(bindingNames, b) }

// MarshalText writes String.
func (b Binding) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads what MarshalText wrote, or gives CodeBadField.
func (b *Binding) UnmarshalText(t []byte) error {
	return read(bindingNames, b, t, New(CodeBadField, "binding"))
}

// String gives "administrative" or "public".
func (s Service) String() string { return name(serviceNames, s) }

// MarshalText writes String.
func (s Service) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote, or gives CodeUnknownService.
func (s *Service) UnmarshalText(t []byte) error {
	return read(serviceNames, s, t, New(CodeUnknownService, clip(t)))
}

// ParseService reads "administrative" or "public"; anything else, "" too, is
// CodeUnknownService.
func ParseService(s string) (Service, error) {
	var v Service
	if s == "" {
		return 0, New(CodeUnknownService, "")
	}
	err := v.UnmarshalText([]byte(s))
	return v, err
}

// String gives "received", "supplement", "refused" or "returned".
func (s Step) String() string { return name(stepNames, s) }

// MarshalText writes String.
func (s Step) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote, or gives CodeBadStep.
func (s *Step) UnmarshalText(t []byte) error {
	return read(stepNames, s, t, New(CodeBadStep, clip(t)))
}

// String gives ">", ">=" or "=".
func (o Operator) String() string { return name(operatorNames, o) }

// MarshalText writes String.
func (o Operator) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText wrote, or gives CodeBadField.
func (o *Operator) UnmarshalText(t []byte) error {
	return read(operatorNames, o, t, New(CodeBadField, "operator"))
}

// String gives "met", "not_met" or "too_few"; "" where there is no target.
func (v Verdict) String() string { return name(verdictNames, v) }

// MarshalText writes String.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote, or gives CodeBadField.
func (v *Verdict) UnmarshalText(t []byte) error {
	return read(verdictNames, v, t, New(CodeBadField, "verdict"))
}
