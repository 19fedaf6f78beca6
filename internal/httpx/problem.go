package httpx

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/survey"
)

// Problem is how an error is told to a program.
type Problem struct {
	Code      survey.Code `json:"code"`
	Message   string      `json:"message"`
	Reference string      `json:"reference,omitempty"`
}

// ProblemPage is the data of the view "error/problem".
type ProblemPage struct {
	Frame
	Problem
	Status int
	Home   string // path to go back to
}

// ErrorView names the page on which an error is told to a person.
const ErrorView = "error/problem"

// fromFiber gives the catalogue's code for what Fiber itself refuses.
func fromFiber(e *fiber.Error) survey.Code {
	switch e.Code {
	case fiber.StatusNotFound:
		return survey.CodeNotFound
	case fiber.StatusMethodNotAllowed:
		return survey.CodeMethodNotAllowed
	case fiber.StatusRequestEntityTooLarge:
		return survey.CodeBodyTooLarge
	case fiber.StatusRequestHeaderFieldsTooLarge:
		return survey.CodeHeaderTooLarge
	case fiber.StatusRequestTimeout:
		return survey.CodeRequestTimeout
	case fiber.StatusUnsupportedMediaType:
		return survey.CodeWrongContentType
	case fiber.StatusTooManyRequests:
		return survey.CodeTooManyRequests
	case fiber.StatusServiceUnavailable:
		return survey.CodeUnavailable
	}
	if e.Code >= 400 && e.Code < 500 {
		return survey.CodeBadRequest
	}
	return survey.CodeInternal
}

// answer turns an error into the answer. What is not in the catalogue, and
// whatever is our own fault, is logged in full under the request's id; of that,
// people see the code, a sentence and the id.
func (h *handler) answer(c *fiber.Ctx, err error) {
	var e *survey.Error
	var fe *fiber.Error
	if !errors.As(err, &e) || e == nil {
		if errors.As(err, &fe) {
			e = survey.Wrap(fromFiber(fe), err)
		} else {
			e = survey.ErrorOf(err)
		}
	}
	p := Problem{Code: e.Code, Message: e.Message}
	choice := Language(c)
	if choice.Language != nil && choice.Tag == "en" {
		p.Message = e.MessageEN
	}
	status := e.Code.Status()
	if status >= fiber.StatusInternalServerError {
		p.Reference = of(c).id
		level := slog.LevelError
		if e.Code != survey.CodeInternal {
			level = slog.LevelWarn
		}
		h.Log.Log(c.UserContext(), level, "request failed", "id", p.Reference, "code", string(e.Code), "error", err, "try", e.Try)
	}
	// What a handler had begun to answer does not go out with the error.
	c.Response().ResetBody()
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Status(status)
	if !WantsPage(c) {
		sendJSON(c, p)
		return
	}
	if h.Views != nil && h.Views.Has(ErrorView) {
		page := ProblemPage{Frame: NewFrame(c, ""), Problem: p, Status: status, Home: "/"}
		if home, ok := c.Locals(homeKey{}).(string); ok {
			page.Home = home
		}
		page.Title = page.L.T("error.title")
		if err := h.Views.Send(c, status, ErrorView, page); err == nil {
			return
		}
	}
	_ = plain(c, status, p.Message+" ("+string(p.Code)+" "+p.Reference+")\n")
}

// WantsPage says whether a person's browser asks, rather than a program.
func WantsPage(c *fiber.Ctx) bool {
	return !strings.HasPrefix(c.Path(), "/api/") && strings.Contains(c.Get(fiber.HeaderAccept), "text/html")
}

// SendJSON answers with a value as JSON, not to be stored by caches.
func SendJSON(c *fiber.Ctx, status int, v any) error {
	c.Status(status)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return sendJSON(c, v)
}

func sendJSON(c *fiber.Ctx, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	return c.Send(append(data, '\n'))
}
