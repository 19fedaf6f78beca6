// Package questionnaire reads the file in which an operator writes down one
// version of what citizens are asked. It is strict: every fault is reported at
// once, with its line, and then nothing is loaded.
//
// deploy/example/questionnaire.yaml is such a file.
package questionnaire

import (
	"errors"
	"path/filepath"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

// MaxFile bounds a questionnaire file, in bytes.
const MaxFile = 1 << 20

// Version is what a file without faults says.
type Version struct {
	From survey.Day `json:"from"` // from which it is shown; 0: always
	survey.Questionnaire
}

// Load reads the file at path. Errors: survey.CodeFileUnreadable,
// survey.CodeFileTooLarge, or those of Parse.
func Load(path string) (*Version, error) {
	data, err := yamlfile.Read(path, MaxFile)
	if err != nil {
		return nil, err
	}
	return Parse(filepath.Base(path), data)
}

// Parse reads a file's bytes; name is what faults call it. Where there are
// faults, the error is survey.CodeSheetFault, whose cause joins a
// yamlfile.Fault for each, in the order of their lines. A file over MaxFile is
// survey.CodeFileTooLarge.
func Parse(name string, data []byte) (*Version, error) {
	if err := yamlfile.Fits(data, MaxFile); err != nil {
		return nil, err
	}
	f := &yamlfile.File{Name: name}
	v := &Version{}
	if root := f.Root(data); root != nil {
		check(f, f.Decode(root, v), v)
	}
	if err := f.Err(survey.CodeSheetFault); err != nil {
		return nil, err
	}
	return v, nil
}

// check reports what survey.Questionnaire.Check finds, at its lines; but for
// those where something could not be read in the first place.
func check(f *yamlfile.File, places yamlfile.Places, v *Version) {
	joined, faulty := v.Check().(interface{ Unwrap() []error })
	if !faulty {
		if _, err := v.Fact(); err != nil {
			f.Add(yamlfile.Position{}, "bỏ bớt câu hỏi hoặc ngôn ngữ", "phiếu hỏi dài quá %d byte", fact.MaxDocument)
		}
		return
	}
	unread := f.Lines()
	for _, err := range joined.Unwrap() {
		var x *survey.SheetFault
		if errors.As(err, &x) && !unread[places.Of(x.Where).Line] {
			f.Add(places.Of(x.Where), x.Try, "%s", x.What)
		}
	}
}

// Fact is what the version is recorded as. The error wraps fact.ErrRefused where
// it is too long.
func (v *Version) Fact() (*fact.Questionnaire, error) {
	document, err := v.Document()
	if err != nil {
		return nil, err
	}
	q := &fact.Questionnaire{Version: v.Version, From: int32(v.From), Document: document}
	return q, q.Validate()
}
