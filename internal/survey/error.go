package survey

import (
	"errors"
	"fmt"
	"net/http"
)

// Codes lists the catalogue, in no order.
func Codes() []Code {
	all := make([]Code, 0, len(catalogue))
	for c := range catalogue {
		all = append(all, c)
	}
	return all
}

// Status is the HTTP status that goes with the code; 500 for one that is not
// in the catalogue.
func (c Code) Status() int {
	if e, ok := catalogue[c]; ok {
		return e.status
	}
	return http.StatusInternalServerError
}

// Error is a code and a sentence for the person. It is made by New or Wrap.
type Error struct {
	Code      Code
	Message   string // Vietnamese
	MessageEN string
	Try       string // for operators, in English: what to try; may be empty
	Cause     error  // for the log, never for people; may be nil
}

// New makes the error of a code; args fill the catalogue's sentence, as the
// comment on the code says. A code that is not in the catalogue gives
// CodeInternal.
func New(c Code, args ...any) *Error { return Wrap(c, nil, args...) }

// Wrap is New with what caused it.
func Wrap(c Code, cause error, args ...any) *Error {
	e, ok := catalogue[c]
	if !ok {
		cause = errors.Join(fmt.Errorf("survey: code %q is not in the catalogue", string(c)), cause)
		c, e, args = CodeInternal, catalogue[CodeInternal], nil
	}
	r := &Error{Code: c, Message: e.vi, MessageEN: e.en, Try: e.try, Cause: cause}
	if len(args) > 0 {
		r.Message, r.MessageEN = fmt.Sprintf(e.vi, args...), fmt.Sprintf(e.en, args...)
	}
	return r
}

// Error is the line for logs: code, English sentence, cause, what to try.
func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.MessageEN
	if e.Cause != nil {
		s += " (" + e.Cause.Error() + ")"
	}
	if e.Try != "" {
		s += " Try: " + e.Try + "."
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf is the code of the outermost Error in err's chain: CodeInternal where
// there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return ErrorOf(err).Code
}

// ErrorOf gives the outermost Error in err's chain, or wraps err as
// CodeInternal; nil for nil.
func ErrorOf(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e
	}
	return Wrap(CodeInternal, err)
}
