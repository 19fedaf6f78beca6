package capture

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/nacl/box"
	"golang.org/x/text/unicode/norm"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// mostAnswers bounds answers and ticks of one rating, as fact.Rating does.
const mostAnswers = 64

// sheet puts answers and ticks into the rating.
func (c *Capture) sheet(r *fact.Rating, in Input) error {
	if len(in.Answers) == 0 && len(in.Reasons) == 0 && in.Questionnaire == 0 {
		return nil
	}
	var known *survey.Questionnaire
	if c.o.Questionnaire != nil {
		known = c.o.Questionnaire(in.Questionnaire)
	}
	has := func(fits func(*survey.ServiceSheet) bool) bool {
		if known == nil {
			return true
		}
		for i := range known.Services {
			if fits(&known.Services[i]) {
				return true
			}
		}
		return false
	}
	seen := map[string]bool{}
	good := len(in.Answers) <= mostAnswers && (in.Questionnaire > 0 || len(in.Answers) == 0)
	for _, a := range in.Answers {
		good = good && survey.Score(a.Score).Valid() && survey.IsCode(a.Question) && !seen[a.Question] &&
			has(func(s *survey.ServiceSheet) bool { return s.HasQuestion(a.Question) })
		seen[a.Question] = true
	}
	if !good {
		return survey.New(survey.CodeBadField, "answers")
	}
	good = len(in.Reasons) <= mostAnswers && (in.Questionnaire > 0 || len(in.Reasons) == 0)
	for _, tick := range in.Reasons {
		good = good && survey.IsTick(tick) && !seen[tick] &&
			has(func(s *survey.ServiceSheet) bool { return s.HasReason(tick) })
		seen[tick] = true
	}
	if !good {
		return survey.New(survey.CodeBadField, "reasons")
	}
	r.Questionnaire, r.Answers, r.Reasons = in.Questionnaire, in.Answers, in.Reasons
	return nil
}

// words makes the facts of what was written, with the sealed words beside them.
func (c *Capture) words(r *fact.Rating, in Input) (entries []fact.Entry, cut bool, err error) {
	var key *[32]byte
	if c.o.SealKey != nil {
		key = c.o.SealKey()
	}
	if key == nil {
		return nil, false, survey.New(survey.CodeUnavailable)
	}
	add := func(purpose survey.Purpose, w survey.Writing) error {
		t := &fact.Text{Receipt: r.Receipt, Sealed: r.Sealed, Session: r.Session, Purpose: uint8(purpose), Language: r.Language}
		entry := fact.Entry{Kind: fact.KindText, Body: t}
		if w != (survey.Writing{}) {
			plain, err := json.Marshal(w)
			if err != nil {
				return fmt.Errorf("capture: words: %w", err)
			}
			// The sealing draws fresh random bytes, so the digest hides the words.
			if entry.Words, err = box.SealAnonymous(nil, plain, key, nil); err != nil {
				return fmt.Errorf("capture: seal words: %w", err)
			}
			sum := sha256.Sum256(entry.Words)
			t.Digest, t.Size = sum[:], uint32(len(entry.Words))
		}
		entries = append(entries, entry)
		return nil
	}
	if in.Comment != nil {
		text, short := Clean(*in.Comment, survey.MaxComment)
		cut = short
		if err := add(survey.PurposeComment, survey.Writing{Comment: text}); err != nil {
			return nil, false, err
		}
	}
	if in.Contact != nil {
		name, short1 := Clean(in.Contact.Name, survey.MaxName)
		contact, short2 := Clean(in.Contact.Contact, survey.MaxContact)
		cut = cut || short1 || short2
		w := survey.Writing{Name: name, Contact: contact, Consent: in.Contact.Consent}
		switch {
		case name == "" && contact == "":
			w = survey.Writing{} // taken back
		case in.Contact.Consent == "":
			return nil, false, survey.New(survey.CodeBadField, "consent")
		case contact == "":
			return nil, false, survey.New(survey.CodeBadField, "contact")
		}
		if err := add(survey.PurposeContact, w); err != nil {
			return nil, false, err
		}
	}
	return entries, cut, nil
}

// Clean makes a text that a stranger wrote fit to be stored: valid UTF-8 in
// normal form C, without control characters but for line breaks, without
// characters that turn the direction of what follows (those that merely mark
// it stay), without space at either end, and of at most limit characters; cut
// says that there were more. Nothing is escaped: that is for whoever shows it.
func Clean(text string, limit int) (clean string, cut bool) {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	text = norm.NFC.String(strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufeff':
			return -1
		case r >= 0xE0000 && r <= 0xE007F, unicode.Is(unicode.Co, r): // tags and private characters: nobody can read them
			return -1
		}
		return r
	}, text)))
	if len(text) <= limit {
		return text, false
	}
	n := 0
	for i := range text {
		if n == limit {
			// Not between a letter and its marks.
			end := i
			for end > 0 && !norm.NFC.PropertiesString(text[end:]).BoundaryBefore() {
				_, last := utf8.DecodeLastRuneInString(text[:end])
				end -= last
			}
			return strings.TrimSpace(text[:end]), true
		}
		n++
	}
	return text, false
}
