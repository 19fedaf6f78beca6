package api

import (
	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/register"
)

// Event is a step of a registered dossier.
type Event struct {
	Code string `json:"code"`
	Step string `json:"step" enum:"supplement,refused,returned"`
	At   string `json:"at" doc:"as Dossier's times"`
	Desk string `json:"desk,omitempty" doc:"code of where it happened"`
}

// EventList is many events, at most 1,000.
type EventList struct {
	Events []Event `json:"events"`
}

// EventResult is what became of one event.
type EventResult struct {
	Status string `json:"status" enum:"recorded,known,refused"`
	Error  *Fault `json:"error,omitempty"`
}

// EventResults are in the order of the request.
type EventResults struct {
	Recorded int           `json:"recorded"`
	Known    int           `json:"known"`
	Refused  int           `json:"refused"`
	Results  []EventResult `json:"results"`
}

// recordEvents answers 422 only where every event was refused.
func (d Deps) recordEvents(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	if err := few(c); err != nil {
		return err
	}
	var in EventList
	if err := httpx.JSON(c, &in); err != nil {
		return err
	}
	if in.Events == nil {
		return survey.New(survey.CodeMissingField, "events")
	}
	rows := make([]register.EventRow, len(in.Events))
	for i, e := range in.Events {
		rows[i] = register.EventRow(e)
	}
	results, err := d.Register.Events(c.UserContext(), rows)
	if err != nil {
		return err
	}
	out := EventResults{Results: make([]EventResult, len(results))}
	for i, r := range results {
		o := EventResult{Status: "known", Error: faultJSON(c, r.Fault)}
		switch {
		case r.Fault != nil:
			o.Status = "refused"
			out.Refused++
		case r.New:
			o.Status = "recorded"
			out.Recorded++
		default:
			out.Known++
		}
		out.Results[i] = o
	}
	status := fiber.StatusOK
	if out.Refused == len(results) {
		status = fiber.StatusUnprocessableEntity
	}
	return httpx.SendJSON(c, status, out)
}
