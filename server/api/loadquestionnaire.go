package api

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/questionnaire"
)

func (d Deps) loadQuestionnaire(c *fiber.Ctx) error {
	q, err := httpx.Query(c, "from")
	if err != nil {
		return err
	}
	if err := isYAML(c); err != nil {
		return err
	}
	// The version keeps texts of the file; the body is used anew.
	v, err := questionnaire.Parse("yaml", bytes.Clone(c.Body()))
	if err != nil {
		return sendFaults(c, err)
	}
	if q["from"] != "" {
		if v.From, err = survey.ParseDay(q["from"]); err != nil {
			return err
		}
	}
	isNew, err := d.Register.LoadQuestionnaire(c.UserContext(), v)
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, Recorded{isNew})
}

// Questionnaires are the versions of what is asked.
type Questionnaires struct {
	Versions []QuestionnaireVersion `json:"versions" doc:"that which is shown last of all first"`
}

// QuestionnaireVersion is one of them.
type QuestionnaireVersion struct {
	From          *survey.Day           `json:"from,omitempty" doc:"day from which it is shown; left out: always"`
	InForce       bool                  `json:"in_force" doc:"it is shown today"`
	Questionnaire *survey.Questionnaire `json:"questionnaire"`
}

func (d Deps) showQuestionnaires(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	all, err := d.Register.Questionnaires(c.UserContext())
	if err != nil {
		return err
	}
	out := Questionnaires{Versions: []QuestionnaireVersion{}}
	for _, x := range all {
		v := QuestionnaireVersion{InForce: x.InForce, Questionnaire: x.Questionnaire}
		if x.From != 0 {
			v.From = &x.From
		}
		out.Versions = append(out.Versions, v)
	}
	return httpx.SendJSON(c, fiber.StatusOK, out)
}
