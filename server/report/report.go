// Package report makes an index of a period into files: XLSX, CSV, PDF, DOCX.
// It computes no figure: the caller fills a Report, and the same Report always
// gives the same bytes, so that a closed period can be handed in twice.
package report

import (
	"errors"
	"fmt"
	"io"
	"time"

	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/web"
)

// Report is the index of a period, as it may be shown to whoever gets the file.
// Names are in the language of the report. It is not changed by writing it, and
// may be written by many at once.
type Report struct {
	Language *locale.Language `json:"-"` // Vietnamese or English: one that has every message
	Period   survey.Period
	// Made is when the figures were taken. It is the only time in the files: the
	// letter's date, and that of the file itself.
	Made   time.Time
	Closed time.Time // when the period was closed; zero: provisional
	// Checkpoint is the last one of the facts that the figures are of.
	Checkpoint Checkpoint
	Sample     bool      // made-up figures, which every file says at its head
	Least      int64     // answers needed for a verdict
	Letter     Letter    // what surrounds the figures in PDF and DOCX
	Services   []Service // in the order in which they are shown
}

// Checkpoint is a signed state of a server's log of the facts, by which whoever
// has it can check later that none was changed. The zero Checkpoint is none.
type Checkpoint struct {
	Short string // the first digits of its root
	Size  int64  // records
	At    time.Time
}

// Letter is what an administrative report has around its content (Nghị định
// 30/2020/NĐ-CP, Phụ lục I). What is empty is left out, or left to fill in by
// hand.
type Letter struct {
	Superior   string   // the agency above: «UBND tỉnh Nghệ An»
	Agency     string   // who reports: «Sở Nội vụ»
	Number     string   // of the report; empty: a gap
	Symbol     string   // «BC-SNV»
	Place      string   // «Nghệ An»
	Opening    []string // paragraphs before the figures, such as the legal grounds
	Recipients []string // «UBND tỉnh (để báo cáo)»; the archive's line is added
	Archive    string   // «Lưu: VT, CCHC»
	Authority  string   // «KT. GIÁM ĐỐC»
	Position   string   // «PHÓ GIÁM ĐỐC»
	Signer     string
}

// Service is the index of one kind of service.
type Service struct {
	Kind  survey.Service
	Total Row   // of all units; its Unit is not read
	Units []Row // in the order in which they are shown
	// Factors hold the questions' answers by factor: of all units, and of each
	// unit in the order of Units.
	Factors []Factor
}

// Unit is who is reported on.
type Unit struct {
	Code, Name string
	Level      int // depth in the tree, for the indent; 0 is the top
}

// Rate is the answers to one question, or factor, with what may be said of
// them. Where Shown is false there are too few to be shown: nothing else of it
// is read.
type Rate struct {
	Shown     bool
	Counts    survey.Counts
	Low, High float64 // 95% interval of the rate, 0…1
	Target    survey.Target
	Own       bool // the target is the unit's own
	Verdict   survey.Verdict
	Straddles bool // the target lies within the interval
}

// Row is one unit's figures for one kind of service.
type Row struct {
	Unit Unit
	Rate
	Band int // 1 is the best of its kind and service; 0: in none
	// Full is «chỉ số hài lòng toàn diện», those whose every answer is 4 or 5;
	// empty where it is not computed.
	Full survey.Tally
	// After is the number of ballots that came in after the closing, and Now the
	// counts with them; nil where the difference may not be shown.
	After int64
	Now   *survey.Counts

	WalkIns  int64        // given without a receipt or code: beside the index
	Voided   int64        // ratings that somebody declared void
	Dossiers int64        // whose last event lies in the period, or slips issued in it
	Rated    int64        // of these, with a counted ballot
	Ratio766 survey.Tally // empty where it is not computed
	Times    survey.Timeliness
	Asked    survey.TimelinessTarget // of Times; may be empty
	Nine     survey.Assessment       // Known 0: no indicator is
}

// Factor is one factor's answers. There may be fewer or more than there are
// ballots: a factor has several questions, and any may be skipped.
type Factor struct {
	Code, Name string
	Total      Rate
	Units      []Rate // as Service.Units
}

// Format is a kind of file.
type Format string

// The formats; each is the ending of the file's name.
const (
	XLSX Format = "xlsx"
	CSV  Format = "csv"
	PDF  Format = "pdf"
	DOCX Format = "docx"
)

// Formats lists the formats in the order in which they are offered.
var Formats = []Format{XLSX, CSV, PDF, DOCX}

// MIME is the media type of the format; empty for one that does not exist.
func (f Format) MIME() string {
	switch f {
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case CSV:
		return "text/csv; charset=utf-8; header=present"
	case PDF:
		return "application/pdf"
	case DOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	}
	return ""
}

// Write makes the report in a format. Nothing is written where the report can't
// be made, but for CSV, which goes out line by line. Errors: ErrNoFont for a PDF
// in a program built without the fonts; w's own; a report that does not hold
// together.
func (r *Report) Write(w io.Writer, f Format) error {
	if err := r.check(); err != nil {
		return err
	}
	switch f {
	case XLSX:
		return r.writeXLSX(w)
	case CSV:
		return r.writeCSV(w)
	case PDF:
		return r.writePDF(w, web.Dist())
	case DOCX:
		return r.writeDOCX(w)
	}
	return fmt.Errorf("report: no format %q", f)
}

// Name is a file name that says what is in it: «hai-long-2026-10-01-2026-12-31.pdf».
func (r *Report) Name(f Format) string {
	return fmt.Sprintf("hai-long-%v-%v.%s", r.Period.From, r.Period.Last(), f)
}

func (r *Report) check() error {
	switch {
	case r.Language == nil:
		return errors.New("report: no language")
	case r.Made.IsZero():
		return errors.New("report: no time at which it was made")
	}
	if err := r.Period.Check(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, s := range r.Services {
		for _, f := range s.Factors {
			if len(f.Units) != len(s.Units) {
				return fmt.Errorf("report: factor %q has %d units, its service %d", f.Code, len(f.Units), len(s.Units))
			}
		}
	}
	return nil
}
