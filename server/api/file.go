package api

import (
	"mime"
	"slices"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

// FileProblem is the answer to a file with faults: nothing was loaded.
type FileProblem struct {
	Fault
	Faults []FileFault `json:"faults"`
}

// FileFault is one fault of a file, in Vietnamese.
type FileFault struct {
	Line    int    `json:"line" doc:"from 1; 0: the file as a whole"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Try     string `json:"try"`
}

// yamlTypes are the content types that YAML is sent as.
var yamlTypes = []string{"application/yaml", "application/x-yaml", "text/yaml"}

// isYAML says whether the body is sent as YAML.
func isYAML(c *fiber.Ctx) error {
	if base, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); err != nil || !slices.Contains(yamlTypes, base) {
		return survey.New(survey.CodeWrongContentType, yamlTypes[0])
	}
	return nil
}

// sendFaults answers with every fault of a file; an error of another kind is
// given back.
func sendFaults(c *fiber.Ctx, err error) error {
	faults := yamlfile.Faults(err)
	if len(faults) == 0 {
		return err
	}
	out := FileProblem{Fault: *faultJSON(c, survey.ErrorOf(err))}
	for _, f := range faults {
		out.Faults = append(out.Faults, FileFault{f.Line, f.Column, f.Message, f.Try})
	}
	return httpx.SendJSON(c, survey.CodeOf(err).Status(), out)
}
