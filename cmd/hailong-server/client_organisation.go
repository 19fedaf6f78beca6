package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"hailong/internal/survey"
	"hailong/server/api"
	"hailong/server/organisation"
	"hailong/server/yamlfile"
)

type organisationCmd struct {
	Check checkCmd `cmd:"" help:"Check a file, without a server."`
	Load  loadCmd  `cmd:"" help:"Load a file into the running server; what is in force already is not recorded again."`
}

type checkCmd struct {
	File string `arg:"" help:"The organisation file."`
}

// Run names every fault of the file.
func (c *checkCmd) Run(k *kong.Kong) error {
	o, err := check(k, c.File)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(k.Stdout, "no fault: %d units, %d desks, %d kiosks, %d targets\n", len(o.Units), len(o.Desks), len(o.Kiosks), len(o.Targets))
	return err
}

func check(k *kong.Kong, file string) (*organisation.Organisation, error) {
	o, err := organisation.Load(file)
	for _, f := range yamlfile.Faults(err) {
		fmt.Fprintln(k.Stderr, f.Error())
	}
	if err != nil {
		return nil, failed(survey.ErrorOf(err))
	}
	return o, nil
}

type loadCmd struct {
	remote
	File string `arg:"" help:"The organisation file."`
}

// Run checks the file here, so that faults bear its name, then sends it.
func (c *loadCmd) Run(ctx context.Context, k *kong.Kong) error {
	if _, err := check(k, c.File); err != nil {
		return err
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return failed(survey.Wrap(survey.CodeFileUnreadable, err, c.File))
	}
	var out api.OrganisationResult
	if err := c.post(ctx, "/api/v1/organisation", "application/yaml", data, &out, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(k.Stdout, "recorded %d, unchanged %d\n", out.Recorded, out.Unchanged)
	if len(out.LeftOut) > 0 && err == nil {
		_, err = fmt.Fprintf(k.Stdout, "in force, and not in the file (nothing is taken back; give units an until): %s\n", strings.Join(out.LeftOut, ", "))
	}
	return err
}
