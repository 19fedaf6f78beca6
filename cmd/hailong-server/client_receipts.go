package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/alecthomas/kong"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/api"
	"hailong/server/register"
	"hailong/web"
)

type receiptsCmd struct {
	Import importCmd `cmd:"" help:"Register the dossiers of a CSV file. Columns, in Vietnamese or English: mã hồ sơ (code), bộ phận một cửa (desk), thời gian nhận (received); and if wanted cơ quan giải quyết (unit), loại dịch vụ (service), lĩnh vực (field), thủ tục (procedure), mã cán bộ (officer), hẹn trả (due). A second import of the same file changes nothing."`
	Issue  issueCmd  `cmd:"" help:"Issue one-time slips for a unit without dossiers."`
}

type importCmd struct {
	remote
	File string `arg:"" help:"The CSV file, in UTF-8."`
	Out  string `help:"New file for the receipt ids of the dossiers that are new, as CSV; they are given only once. Default: standard output." placeholder:"FILE"`
}

// importAtOnce is how many rows go in one request.
const importAtOnce = 500

// Run sends the rows in pieces. The ids of each piece are in the file before the
// next is sent: the server tells them only once.
func (c *importCmd) Run(ctx context.Context, k *kong.Kong) (err error) {
	f, err := os.Open(c.File)
	if err != nil {
		return failed(survey.Wrap(survey.CodeFileUnreadable, err, c.File))
	}
	defer f.Close()
	lines, err := register.ReadCSV(f)
	if err != nil {
		return failed(survey.ErrorOf(err))
	}
	out := k.Stdout
	if c.Out != "" {
		file, err := newFile(c.Out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Sync(), file.Close()) }()
		out = file
	}
	table := csv.NewWriter(out)
	if err := table.Write([]string{"line", "code", "receipt", "url"}); err != nil {
		return err
	}
	var sum api.DossierResults
	for at := 0; at < len(lines); at += importAtOnce {
		piece := lines[at:min(at+importAtOnce, len(lines))]
		if err := c.send(ctx, k.Stderr, piece, table, &sum); err != nil {
			return err
		}
		fmt.Fprintf(k.Stderr, "%d/%d\n", at+len(piece), len(lines))
	}
	fmt.Fprintf(k.Stderr, "registered %d, registered already %d, not taken %d\n", sum.Registered, sum.Already, sum.Refused)
	if sum.Refused > 0 {
		return failure{fmt.Sprintf("%d of %d rows were not taken", sum.Refused, len(lines)), "mend the lines named above and import the same file again: the others change nothing", nil}
	}
	return nil
}

// send registers one piece, and adds what became of it.
func (c *importCmd) send(ctx context.Context, faults io.Writer, piece []register.Line, table *csv.Writer, sum *api.DossierResults) error {
	var list api.DossierList
	for _, l := range piece {
		if l.Fault == nil {
			list.Dossiers = append(list.Dossiers, api.Dossier(l.Row))
		}
	}
	var done api.DossierResults
	if len(list.Dossiers) > 0 {
		if err := c.postJSON(ctx, "/api/v1/receipts?pictures=false", list, &done, map[int]any{422: &done}); err != nil {
			return err
		}
		if len(done.Results) != len(list.Dossiers) {
			return failure{fmt.Sprintf("the server answered for %d of %d rows", len(done.Results), len(list.Dossiers)), "a hailong-server of the same version here and there", nil}
		}
	}
	sum.Registered += done.Registered
	sum.Already += done.Already
	for _, l := range piece {
		var r api.DossierResult
		if l.Fault == nil {
			r, done.Results = done.Results[0], done.Results[1:]
		} else {
			r = api.DossierResult{Status: "refused", Error: &api.Fault{Code: l.Fault.Code, Message: l.Fault.MessageEN}}
		}
		switch {
		case r.Receipt != nil:
			if err := table.Write([]string{strconv.Itoa(l.Number), r.Code, r.Receipt.ID, r.Receipt.URL}); err != nil {
				return err
			}
		case r.Status == "refused" && r.Error != nil:
			sum.Refused++
			fmt.Fprintf(faults, "%s:%d: %s %s\n", c.File, l.Number, r.Error.Code, r.Error.Message)
		}
	}
	table.Flush()
	return table.Error()
}

// newFile makes a file for what is given only once, and never writes over one.
func newFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, failure{path + " is there already", "another name with --out", err}
	}
	if err != nil {
		return nil, failure{err.Error(), "--out in a folder that you may write to", err}
	}
	return f, nil
}

type issueCmd struct {
	remote
	Unit    string `required:"" help:"Code of the unit." placeholder:"CODE"`
	Count   int    `required:"" help:"How many, at most 1000." placeholder:"N"`
	Desk    string `help:"Code of the desk that hands them out." placeholder:"CODE"`
	Service string `help:"administrative or public. Default: what the desk offers, else public." placeholder:"KIND"`
	Out     string `help:"New file for a sheet to print, as HTML. Default: the ids and addresses to standard output." placeholder:"FILE"`
}

// Run issues slips and prints them, or their sheet.
func (c *issueCmd) Run(ctx context.Context, k *kong.Kong) (err error) {
	var file *os.File
	path := "/api/v1/slips?pictures=false"
	if c.Out != "" { // before anything is issued
		if file, err = newFile(c.Out); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Sync(), file.Close()) }()
		path = "/api/v1/slips"
	}
	var out api.Slips
	err = c.postJSON(ctx, path, api.SlipRequest{Unit: c.Unit, Desk: c.Desk, Service: c.Service, Count: c.Count}, &out, nil)
	if err != nil && file != nil {
		return errors.Join(err, os.Remove(c.Out))
	}
	if err != nil {
		return err
	}
	if file == nil {
		for _, s := range out.Slips {
			if _, err := fmt.Fprintf(k.Stdout, "%s %s\n", s.Grouped, s.URL); err != nil {
				return err
			}
		}
		return nil
	}
	if err := writeSheet(file, out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(k.Stdout, "%d slips in %s: open it in a browser and print it on A4\n", len(out.Slips), c.Out)
	return err
}

// writeSheet writes a page that needs nothing else.
func writeSheet(w io.Writer, slips api.Slips) error {
	views, err := httpx.NewViews(web.Templates(), nil)
	if err != nil {
		return err
	}
	style, err := fs.ReadFile(web.Assets(), "receipts-sheet.css")
	if err != nil {
		return err
	}
	page := api.SheetPage{Style: template.CSS(style)} // #nosec G203 -- our own style
	for _, s := range slips.Slips {
		page.Add(api.SheetReceipt{Desk: slips.Desk, Unit: slips.Unit, QR: template.HTML(s.SVG), Grouped: s.Grouped, Link: s.URL}) // #nosec G203 -- drawn by our server
	}
	return views.Write(w, "staff/receipts-sheet", page)
}
