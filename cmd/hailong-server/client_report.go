package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"hailong/internal/survey"
	"hailong/server/periodic"
	"hailong/server/report"
)

type reportCmd struct {
	remote
	Period   string `required:"" help:"A month, quarter, half-year or year: 2026-10, 2026-Q4, 2026-H2, 2026." placeholder:"PERIOD"`
	Unit     string `help:"Code of a unit: it and those below it. Default: all." placeholder:"CODE"`
	Format   string `help:"xlsx, csv, pdf or docx." default:"xlsx" enum:"xlsx,csv,pdf,docx"`
	Language string `help:"vi or en." default:"vi" enum:"vi,en"`
	Out      string `short:"o" required:"" help:"New file for the report." placeholder:"FILE"`
}

// Run fetches the report of a period.
func (c *reportCmd) Run(ctx context.Context, k *kong.Kong) error {
	q := url.Values{"period": {c.Period}, "unit": {c.Unit}, "format": {c.Format}, "language": {c.Language}}
	return c.fetchFile(ctx, k, "/api/v1/reports?"+q.Encode(), report.Format(c.Format).MIME(), c.Out)
}

type exportCmd struct {
	remote
	Period string `help:"A month, quarter, half-year or year: 2026-10, 2026-Q4, 2026-H2, 2026. All its months must be closed." placeholder:"PERIOD"`
	From   string `help:"Or its first month." placeholder:"2026-01"`
	Until  string `help:"And its last." placeholder:"2026-06"`
	Unit   string `help:"Code of one settling unit. Default: all." placeholder:"CODE"`
	Format string `help:"csv or parquet." default:"csv" enum:"csv,parquet"`
	Out    string `short:"o" required:"" help:"New file for the ballots." placeholder:"FILE"`
}

// Run fetches the single ballots of closed months.
func (c *exportCmd) Run(ctx context.Context, k *kong.Kong) error {
	q := url.Values{"period": {c.Period}, "unit": {c.Unit}, "format": {c.Format}}
	if c.From != "" || c.Until != "" {
		from, err := periodic.ParsePeriod("from", c.From)
		if err != nil {
			return failed(survey.ErrorOf(err))
		}
		until, err := periodic.ParsePeriod("until", c.Until)
		if err != nil {
			return failed(survey.ErrorOf(err))
		}
		q.Set("from", from.From.String())
		q.Set("to", until.To.String())
	}
	kind := map[string]string{"csv": report.CSV.MIME(), "parquet": "application/vnd.apache.parquet"}[c.Format]
	return c.fetchFile(ctx, k, "/api/v1/export?"+q.Encode(), kind, c.Out)
}

// fetchFile puts what an address answers into a new file, whole or not at all.
func (r remote) fetchFile(ctx context.Context, k *kong.Kong, path, wanted, out string) error {
	file, err := newFile(out)
	if err != nil {
		return err
	}
	n, err := r.fetch(ctx, path, wanted, file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(out)) // a part is none
	}
	_, err = fmt.Fprintf(k.Stdout, "%d bytes in %s\n", n, out)
	return err
}

// fetch writes what an address answers, if it is of the type wanted.
func (r remote) fetch(ctx context.Context, path, wanted string, to io.Writer) (int64, error) {
	token, err := r.token()
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(r.URL, "/")+path, nil)
	if err != nil {
		return 0, failure{err.Error(), "--url=http://127.0.0.1:8080", err}
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept-Language", "en")
	client, err := r.client(time.Hour) // years of ballots over a slow line
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(request)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return 0, context.Canceled
		}
		return 0, failure{fmt.Sprintf("the server at %s does not answer (%v)", r.URL, err), "start it with hailong-server serve, or give its address with --url", err}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != wanted {
		data, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		if err != nil {
			return 0, failure{fmt.Sprintf("the answer of %s broke off (%v)", r.URL, err), "the same command again", err}
		}
		var none struct{}
		if err := r.read(answer, data, &none, nil); err != nil {
			return 0, err
		}
		return 0, failure{fmt.Sprintf("%s answered %s, which is not what was asked for", r.URL, answer.Header.Get("Content-Type")), "the address of the server itself with --url", nil}
	}
	n, err := io.Copy(to, answer.Body)
	if err != nil {
		return n, failure{fmt.Sprintf("the answer of %s broke off (%v)", r.URL, err), "the same command again", err}
	}
	return n, nil
}
