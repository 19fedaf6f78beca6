package main

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/alecthomas/kong"

	"hailong/internal/survey"
	"hailong/server/api"
	"hailong/server/questionnaire"
	"hailong/server/yamlfile"
)

type questionnaireCmd struct {
	Check checkSheetCmd `cmd:"" help:"Check a file, without a server."`
	Load  loadSheetCmd  `cmd:"" help:"Load a version into the running server; one that exists is never changed."`
}

type checkSheetCmd struct {
	File string `arg:"" help:"The questionnaire file."`
}

// Run names every fault of the file.
func (c *checkSheetCmd) Run(k *kong.Kong) error {
	v, err := checkSheet(k, c.File)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(k.Stdout, "no fault: version %d, %d kinds of service\n", v.Version, len(v.Services))
	return err
}

func checkSheet(k *kong.Kong, file string) (*questionnaire.Version, error) {
	v, err := questionnaire.Load(file)
	for _, f := range yamlfile.Faults(err) {
		fmt.Fprintln(k.Stderr, f.Error())
	}
	if err != nil {
		return nil, failed(survey.ErrorOf(err))
	}
	return v, nil
}

type loadSheetCmd struct {
	remote
	File string `arg:"" help:"The questionnaire file."`
	From string `help:"Day from which it is shown, in place of the file's." placeholder:"2026-12-01"`
}

// Run checks the file here, so that faults bear its name, then sends it.
func (c *loadSheetCmd) Run(ctx context.Context, k *kong.Kong) error {
	v, err := checkSheet(k, c.File)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return failed(survey.Wrap(survey.CodeFileUnreadable, err, c.File))
	}
	path := "/api/v1/questionnaires"
	if c.From != "" {
		path += "?from=" + url.QueryEscape(c.From)
	}
	var out api.Recorded
	if err := c.post(ctx, path, "application/yaml", data, &out, nil); err != nil {
		return err
	}
	done := fmt.Sprintf("recorded version %d", v.Version)
	if !out.New {
		done += " before; nothing changed"
	}
	_, err = fmt.Fprintln(k.Stdout, done)
	return err
}
