package receipt

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"hailong/internal/survey"
)

// MaxScan bounds what a scanner may send at a time, in bytes.
const MaxScan = 512

// Scanned is what a person scanned or typed: a receipt, or a dossier's code.
type Scanned struct {
	Bound survey.Binding // survey.BindingReceipt or survey.BindingDossier
	ID    ID             // of the receipt
	Code  string         // of the dossier, normalised: never to be stored unsealed
}

// Scan reads what a scanner at a kiosk sends, with the usual forms of dossier
// codes: see Patterns.Scan.
func Scan(text string) (Scanned, error) { return DefaultPatterns().Scan(text) }

// Scan reads what a scanner sends or a person types: our URL (http or https,
// any host, any case, path /r/ID), a receipt id, or a dossier code of one of
// the patterns. Errors: survey.CodeScanTooLong, CodeBadReceiptID where it was
// meant to be an id, else CodeUnknownScan. A kiosk does not know receipts:
// any well-formed id is one.
func (p Patterns) Scan(text string) (Scanned, error) {
	if len(text) > MaxScan {
		return Scanned{}, survey.New(survey.CodeScanTooLong, MaxScan)
	}
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' || r == '\u007f' || r == '\ufeff' })
	if text == "" || !utf8.ValidString(text) {
		return Scanned{}, survey.New(survey.CodeUnknownScan)
	}
	if rest, ok := cutScheme(text); ok {
		return scanURL(rest)
	}
	// A code that has a dossier's form is taken for one even where one time in
	// 37 its check character would fit an id: patterns never match ids.
	if code, ok := p.normalise(text); ok {
		return Scanned{Bound: survey.BindingDossier, Code: code}, nil
	}
	id, err := ParseID(text)
	if err == nil {
		return Scanned{Bound: survey.BindingReceipt, ID: id}, nil
	}
	if resembles(text) {
		return Scanned{}, err
	}
	return Scanned{}, survey.New(survey.CodeUnknownScan)
}

// cutScheme gives what follows "http://" or "https://".
func cutScheme(s string) (rest string, ok bool) {
	for _, scheme := range []string{"https://", "http://"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return s[len(scheme):], true
		}
	}
	return "", false
}

// scanURL reads host/r/ID; query and fragment are let go.
func scanURL(rest string) (Scanned, error) {
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	host, path, _ := strings.Cut(rest, "/")
	dir, last, ok := strings.Cut(path, "/")
	if host == "" || !ok || !strings.EqualFold(dir, "r") {
		return Scanned{}, survey.New(survey.CodeUnknownScan)
	}
	last, err := url.PathUnescape(strings.TrimSuffix(last, "/"))
	if err != nil {
		return Scanned{}, survey.Wrap(survey.CodeBadReceiptID, err)
	}
	id, err := ParseID(last)
	if err != nil {
		return Scanned{}, err
	}
	return Scanned{Bound: survey.BindingReceipt, ID: id}, nil
}

// resembles says whether a text was meant to be an id: about as long, and of
// its characters.
func resembles(s string) bool {
	n := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == ' ' || s[i] == '-':
		case value(s[i]) < 0 && s[i]|0x20 != 'u':
			return false
		default:
			n++
		}
	}
	return n >= Digits-2 && n <= Digits+3
}
