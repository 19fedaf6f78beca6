package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hailong/internal/datadir"
	"hailong/internal/enrolment"
)

// enrolmentFile holds what a server told this device when it let it in. Nobody
// but the device can use it: the key is needed with it.
const enrolmentFile = "enrolment.json"

// enrolled is what is in that file. The zero value is that of a device that
// never met a server.
type enrolled struct {
	Server string        `json:"server"` // where a credential is asked for: scheme, host and port
	Pin    enrolment.Pin `json:"pin"`    // of the server; zero: the system knows who signed its certificate
	enrolment.Credential
}

// enrolled reads the file; changed is a mark that changes with it.
func (p place) enrolled() (e enrolled, changed string, err error) {
	path := filepath.Join(p.Data, enrolmentFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return e, "", nil
	}
	if err == nil {
		err = json.Unmarshal(data, &e)
	}
	if err != nil {
		return enrolled{}, "", fmt.Errorf("what a server told this device (%s): %w; try to delete it, and enrol the device again", path, err)
	}
	return e, string(data), nil
}

// keep writes the file.
func (p place) keep(e enrolled) error {
	data, err := json.MarshalIndent(&e, "", "\t")
	if err != nil {
		return err
	}
	if err := datadir.Write(filepath.Join(p.Data, enrolmentFile), append(data, '\n')); err != nil {
		return fmt.Errorf("keep what the server told this device: %w", err)
	}
	return nil
}

// known is where the device asks before it was let in: what a server told
// goes before what it was started with.
func (e enrolled) known(server string, pin enrolment.Pin) enrolled {
	if e.Server == "" {
		e.Server, e.Pin = server, pin
	}
	return e
}
