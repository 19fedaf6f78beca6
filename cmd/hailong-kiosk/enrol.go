package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"hailong/internal/enrolment"
	"hailong/internal/survey"
)

// server is where a device is let in.
type server struct {
	Server string        `help:"Address of the server's pages: https://HOST:PORT." env:"HAILONG_SERVER"`
	Pin    enrolment.Pin `help:"What the server is known by, as hailong-server enrol prints it. Without it, by whoever the system trusts." env:"HAILONG_PIN" placeholder:"SHA256:…"`
}

// enrolCmd is `hailong-kiosk enrol`.
type enrolCmd struct {
	place
	server
	Code string `help:"What hailong-server enrol, or the administrator's page, gives out; good once. Without it, a device whose key was admitted gets its credential." placeholder:"XXXX-…"`
}

// Run brings the code, or asks without. A kiosk that runs on the same folder
// sees what came of it.
func (c *enrolCmd) Run(ctx context.Context, k *kong.Kong) error {
	key, err := c.key()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(k.Stdout, "Dấu vân tay của khóa / fingerprint of the key:\n  "+enrolment.Fingerprint(key.Public().(ed25519.PublicKey))); err != nil {
		return err
	}
	was, _, err := c.enrolled()
	if err != nil {
		return err
	}
	at := was
	if c.Server != "" {
		at.Server, at.Pin = c.Server, c.Pin
	}
	if at.Server == "" {
		return errors.New("no server is known; try --server=https://HOST:PORT")
	}
	e, err := c.enrol(ctx, key, at, c.Code, "en")
	if err != nil {
		return told(err)
	}
	_, err = fmt.Fprintf(k.Stdout, "Đã ghi danh là %s tại %s. / Enrolled as %s at %s.\n", e.Kiosk, e.Server, e.Kiosk, e.Server)
	return err
}

// enrol has the device let in by a code, or, without one, gets the credential of
// one that was, and keeps what it is told.
func (p place) enrol(ctx context.Context, key ed25519.PrivateKey, at enrolled, code, language string) (enrolled, error) {
	o, err := newOffice(at.Server, at.Pin, key)
	if err != nil {
		return at, err
	}
	was := at.Kiosk
	at.Server, at.Credential = o.address, enrolment.Credential{}
	if code == "" {
		at.Credential, err = o.renew(ctx, language)
	} else {
		at.Credential, err = o.present(ctx, code, language)
	}
	var lost *unreachable
	if code != "" && errors.As(err, &lost) && was == "" {
		// The code may be spent, and only the answer lost.
		if c, again := o.renew(ctx, language); again == nil {
			at.Credential, err = c, nil
		}
	}
	if e := survey.ErrorOf(err); err != nil && code == "" && was == "" && e.Code == survey.CodeNotAdmitted {
		return at, errors.Join(err, p.keep(at)) // a kiosk that runs goes on asking there
	}
	if err != nil {
		return at, err
	}
	return at, p.keep(at)
}

// told is an error as an operator reads it.
func told(err error) error {
	var e *survey.Error
	if !errors.As(err, &e) {
		return err
	}
	text := string(e.Code) + ": " + strings.TrimSuffix(e.MessageEN, ".")
	if e.Try != "" {
		text += ". Try: " + e.Try
	}
	return errors.New(text + ".")
}
