package register

import (
	"context"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// importAtOnce is how many rows of a file are recorded in one transaction.
const importAtOnce = 500

// Imported says what became of a file's rows.
type Imported struct {
	Rows    int           // that hold anything, the header aside
	New     []ImportedRow // registered by this import
	Already int           // registered before, with the same particulars
	Faults  []RowFault    // by line
}

// ImportedRow is a dossier that the import registered.
type ImportedRow struct {
	Line int    // in the file, from 1
	Code string // normalised
	Registered
}

// RowFault says why a row was not taken.
type RowFault struct {
	Line  int
	Fault *survey.Error
}

// ImportCSV registers the dossiers of a CSV file, as ReadCSV gives them. The
// good rows are taken; a second import of the same file changes nothing.
// progress may be nil; it is called after each piece that is on the disk. With
// an error that came after some pieces, what they did is given too.
func (r *Register) ImportCSV(ctx context.Context, lines []Line, progress func(done, total int)) (Imported, error) {
	done := Imported{Rows: len(lines)}
	var last *fact.Ref
	for at := 0; at < len(lines); at += importAtOnce {
		piece := lines[at:min(at+importAtOnce, len(lines))]
		ref, err := r.importPiece(ctx, piece, &done)
		if err != nil {
			return done, err
		}
		if ref != nil {
			last = ref
		}
		if progress != nil {
			progress(at+len(piece), len(lines))
		}
	}
	r.settle(ctx, last)
	return done, nil
}

func (r *Register) importPiece(ctx context.Context, piece []Line, done *Imported) (*fact.Ref, error) {
	rows := make([]Row, 0, len(piece))
	for _, l := range piece {
		if l.Fault == nil {
			rows = append(rows, l.Row)
		}
	}
	results, last, err := r.register(ctx, rows)
	if err != nil {
		return nil, err
	}
	for _, l := range piece {
		fault := l.Fault
		var result Result
		if fault == nil {
			result, results = results[0], results[1:]
			fault = result.Fault
		}
		switch {
		case fault == nil:
			done.New = append(done.New, ImportedRow{Line: l.Number, Code: result.Code, Registered: result.Registered})
		case fault.Code == survey.CodeDossierRegistered:
			done.Already++
		default:
			done.Faults = append(done.Faults, RowFault{l.Number, fault})
		}
	}
	return last, nil
}
