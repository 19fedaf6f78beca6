package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/api"
)

// operatorCommands are what an operator asks of a running server.
type operatorCommands struct {
	Receipts      receiptsCmd      `cmd:"" help:"Register dossiers from a file, issue slips."`
	Organisation  organisationCmd  `cmd:"" help:"Check or load the organisation file."`
	Questionnaire questionnaireCmd `cmd:"" help:"Check or load a version of what citizens are asked."`
	Report        reportCmd        `cmd:"" help:"Fetch the report of a period as a file."`
	Export        exportCmd        `cmd:"" help:"Fetch the single ballots of closed months, for analysts of the province."`
	Account       accountCmd       `cmd:"" help:"Make, list and turn off the accounts of people."`
	Token         tokenCmd         `cmd:"" help:"Make, exchange and list the tokens of one-stop software."`
	Enrol         enrolCmd         `cmd:"" help:"Get a code by which one device becomes a kiosk."`
	Admit         admitCmd         `cmd:"" help:"Let a kiosk's ratings count."`
	Revoke        revokeCmd        `cmd:"" help:"End a kiosk's key: what the server has of it now still counts, nothing after."`
	Decide        decideCmd        `cmd:"" help:"Name the branch that counts at a fork, as the page /status shows it."`
}

// remote says which server, and holds what it answers to.
type remote struct {
	URL  string `name:"url" help:"Address of the running server." default:"http://127.0.0.1:8080" env:"HAILONG_URL"`
	Data string `help:"Its data folder, which holds operator.token." default:"data/server" env:"HAILONG_DATA"`
}

// failure is an error for an operator: what happened, and what to try.
type failure struct {
	what, try string
	cause     error
}

func (f failure) Error() string { return f.what + ". Try: " + f.try + "." }
func (f failure) Unwrap() error { return f.cause }

// failed gives an error of the catalogue as an operator's.
func failed(e *survey.Error) error {
	f := failure{what: string(e.Code) + ": " + strings.TrimSuffix(e.MessageEN, "."), try: e.Try, cause: e}
	if f.try == "" {
		f.try = "the same again after a while; if it persists, look at the server's log"
	}
	return f
}

// client trusts whom the system does, and the authority of the server whose data
// folder this is.
func (r remote) client(timeout time.Duration) (*http.Client, error) {
	authorities, err := x509.SystemCertPool()
	if err != nil {
		authorities = x509.NewCertPool()
	}
	own, err := os.ReadFile(filepath.Join(r.Data, "tls", "ca.pem"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, failure{err.Error(), "--data=FOLDER, the data folder of the running server, as the user that it runs as", err}
	}
	authorities.AppendCertsFromPEM(own)
	return &http.Client{Timeout: timeout, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12},
	}}, nil
}

// token reads the operator token.
func (r remote) token() (string, error) {
	token, err := api.ReadToken(filepath.Join(r.Data, "operator.token"))
	if err != nil && !strings.Contains(err.Error(), "try: ") {
		err = failure{err.Error(), "--data=FOLDER, the data folder of the running server, as the user that it runs as", err}
	}
	return token, err
}

// post sends a body: see send.
func (r remote) post(ctx context.Context, path, contentType string, body []byte, into any, others map[int]any) error {
	return r.send(ctx, http.MethodPost, path, contentType, body, into, others)
}

// send asks, and reads the answer into one of the values: that of a good answer,
// or of the further status named. What else comes is an error.
func (r remote) send(ctx context.Context, method, path, contentType string, body []byte, into any, others map[int]any) error {
	token, err := r.token()
	if err != nil {
		return err
	}
	address, err := url.Parse(r.URL)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return failure{fmt.Sprintf("%q is not an address of a server", r.URL), "--url=http://127.0.0.1:8080", err}
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(r.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return failure{err.Error(), "--url=http://127.0.0.1:8080", err}
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	request.Header.Set("Accept-Language", "en")
	client, err := r.client(5 * time.Minute)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return context.Canceled
		}
		return failure{fmt.Sprintf("the server at %s does not answer (%v)", r.URL, err), "start it with hailong-server serve, or give its address with --url", err}
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, 64<<20))
	if err != nil {
		return failure{fmt.Sprintf("the answer of %s broke off (%v)", r.URL, err), "the same command again", err}
	}
	return r.read(answer, data, into, others)
}

// read decodes an answer. A page that some gateway put in its place is none.
func (r remote) read(answer *http.Response, data []byte, into any, others map[int]any) error {
	stranger := failure{fmt.Sprintf("%s answered %s, which is not Hài Lòng's", r.URL, answer.Status), "the address of the server itself with --url", nil}
	if kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return stranger
	}
	if other := others[answer.StatusCode]; other != nil && json.Unmarshal(data, other) == nil {
		var p httpx.Problem // a fault of the request as a whole has a code
		if json.Unmarshal(data, &p) != nil || p.Code == "" || answer.StatusCode/100 == 2 {
			return nil
		}
	}
	if answer.StatusCode/100 == 2 {
		if err := json.Unmarshal(data, into); err != nil {
			return stranger
		}
		return nil
	}
	var p httpx.Problem
	if err := json.Unmarshal(data, &p); err != nil || p.Code == "" {
		return stranger
	}
	e := survey.New(p.Code) // for what to try; the sentence is the server's
	e.Code, e.MessageEN = p.Code, p.Message
	if p.Reference != "" {
		e.MessageEN = strings.TrimSuffix(p.Message, ".") + " (reference " + p.Reference + ")"
	}
	return failed(e)
}

// postJSON is post for one of the API's requests.
func (r remote) postJSON(ctx context.Context, path string, body, into any, others map[int]any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return r.post(ctx, path, "application/json", data, into, others)
}
