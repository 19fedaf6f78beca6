package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/survey"
)

// Quick is a type that reads the usual form of its JSON by itself, where
// encoding/json would cost too much. QuickJSON gives true only for what JSON
// would take, with the same value; after false, the value is as it was.
type Quick interface{ QuickJSON(body []byte) bool }

// JSON reads the body, exactly one JSON value of the type of into, which may be
// Quick. Another content type, an unknown field, a value of the wrong type or
// anything after the value is an error of the catalogue.
func JSON(c *fiber.Ctx, into any) error {
	if !isType(c, "application/json") {
		return survey.New(survey.CodeWrongContentType, "application/json")
	}
	body := c.Body()
	if q, ok := into.(Quick); ok && q.QuickJSON(body) {
		return nil
	}
	if !utf8.Valid(body) {
		return survey.New(survey.CodeBadJSON)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return jsonFault(err, body, into)
	}
	if _, err := d.Token(); err != io.EOF {
		return survey.New(survey.CodeBadJSON)
	}
	return nil
}

// isType compares the content type, parameters aside.
func isType(c *fiber.Ctx, want string) bool {
	given := c.Get(fiber.HeaderContentType)
	if given == want {
		return true
	}
	base, _, err := mime.ParseMediaType(given)
	return err == nil && base == want
}

func jsonFault(err error, body []byte, into any) error {
	var ours *survey.Error // from a type's own UnmarshalText
	if errors.As(err, &ours) {
		return ours
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		field := Copy(wrongType.Field)
		if field == "" {
			return survey.Wrap(survey.CodeBadJSON, err)
		}
		return survey.Wrap(survey.CodeBadField, err, field)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return survey.Wrap(survey.CodeBadJSON, err)
	}
	if name := unknownField(body, reflect.TypeOf(into)); name != "" {
		return survey.Wrap(survey.CodeUnknownField, err, name)
	}
	return survey.Wrap(survey.CodeBadJSON, err)
}

// unknownField names the first field of an object, at any depth, that the type
// does not have: encoding/json gives it only inside a sentence.
func unknownField(body []byte, t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		var items []json.RawMessage
		if json.Unmarshal(body, &items) != nil {
			return ""
		}
		for _, item := range items {
			if name := unknownField(item, t.Elem()); name != "" {
				return name
			}
		}
	case reflect.Struct:
		var fields map[string]json.RawMessage
		if json.Unmarshal(body, &fields) != nil {
			return ""
		}
		known := map[string]reflect.Type{}
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = f.Name
			}
			known[strings.ToLower(name)] = f.Type
		}
		for name, value := range fields {
			ft, ok := known[strings.ToLower(name)]
			if !ok {
				return clip(name)
			}
			if inner := unknownField(value, ft); inner != "" {
				return inner
			}
		}
	}
	return ""
}

// clip shortens a name that a stranger chose.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return Copy(s)
}

// Form reads the fields of a posted form; each allowed one at most once, any
// other is an error. The values are copies in valid UTF-8; a field that was not
// sent is "".
func Form(c *fiber.Ctx, allowed ...string) (map[string]string, error) {
	return FormOf(c, func(name string) bool { return slices.Contains(allowed, name) })
}

// FormOf is Form where a rule says which fields may be there.
func FormOf(c *fiber.Ctx, allowed func(name string) bool) (map[string]string, error) {
	if !isType(c, fiber.MIMEApplicationForm) {
		return nil, survey.New(survey.CodeWrongContentType, fiber.MIMEApplicationForm)
	}
	return collect(c.Request().PostArgs().VisitAll, allowed, survey.CodeUnknownField, survey.New(survey.CodeBadForm))
}

// Query reads the parameters of the address, as Form does; "lang" is always
// allowed.
func Query(c *fiber.Ctx, allowed ...string) (map[string]string, error) {
	known := func(name string) bool { return name == "lang" || slices.Contains(allowed, name) }
	return collect(c.Context().QueryArgs().VisitAll, known, survey.CodeUnknownParameter, survey.New(survey.CodeBadRequest))
}

func collect(visit func(func(k, v []byte)), allowed func(name string) bool, unknown survey.Code, malformed error) (map[string]string, error) {
	values := map[string]string{}
	var fault error
	visit(func(k, v []byte) {
		if fault != nil {
			return
		}
		name := string(k)
		switch _, twice := values[name]; {
		case !utf8.Valid(k) || !utf8.Valid(v):
			fault = malformed
		case !allowed(name):
			fault = survey.New(unknown, clip(name))
		case twice:
			fault = malformed
		default:
			values[name] = string(v)
		}
	})
	return values, fault
}

// Limit refuses bodies above that many bytes on the routes that it stands
// before, where the app as a whole takes larger ones.
func Limit(bytes int) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if len(c.Body()) > bytes {
			return survey.New(survey.CodeBodyTooLarge)
		}
		return c.Next()
	}
}
