// Package organisation reads the file in which an operator writes down the
// province: its kinds of unit, units, desks, kiosks and targets, with the dates
// from which they hold. It is strict: every fault is reported at once, with its
// line, and then nothing is loaded.
//
// deploy/example holds two such files.
package organisation

import (
	"path/filepath"
	"strings"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

// MaxFile bounds an organisation file, in bytes. Nghệ An's is 40 KiB.
const MaxFile = 2 << 20

// Organisation is what a file without faults says, in the file's order.
type Organisation struct {
	Settings []fact.Setting
	Kinds    []fact.UnitKind
	Units    []fact.Unit // a tree: one root, every parent known
	Desks    []fact.Desk
	Kiosks   []fact.Kiosk
	Targets  []fact.Target
}

// Keys of the settings that a file may give.
const (
	SettingProvince     = "province"         // name
	SettingProvinceEN   = "province_en"      // name in English
	SettingLeastAnswers = "least_answers"    // least number of answers for a verdict
	SettingPatterns     = "dossier_patterns" // for receipt.CompilePatterns, one a line
	SettingSample       = "sample"           // true or false: pages say that the data is made up
	SettingLanguages    = "languages"        // offered to citizens, for Languages
	SettingHours        = "opening_hours"    // for survey.ParseHours; see HoursOf
)

// retentions are the keys under which a file says for how many days texts are
// kept.
var retentions = map[string]survey.Retention{"comment_days": survey.KeptComments, "contact_days": survey.KeptContacts}

// The parts of the letter around a periodic report, by the keys of the file's
// section letter: each is a setting, see LetterOf. Those of LetterLists hold
// several lines.
var (
	LetterTexts = []string{"superior", "agency", "symbol", "place", "archive", "authority", "position", "signer"}
	LetterLists = []string{"opening", "recipients"}
)

// LetterOf gives the key of the setting that holds a part of the letter.
func LetterOf(part string) string { return "letter/" + part }

// HoursOf gives the key of a desk's own opening hours, which go before those of
// the province.
func HoursOf(desk string) string { return SettingHours + "/" + desk }

// Languages reads the setting of that name: BCP 47 tags, in the order in which
// they are offered. Where nothing is set: Vietnamese and English.
func Languages(value string) []string {
	if value == "" {
		return []string{"vi", "en"}
	}
	return strings.Split(value, ",")
}

// Load reads the file at path. Errors: survey.CodeFileUnreadable,
// survey.CodeFileTooLarge, or those of Parse.
func Load(path string) (*Organisation, error) {
	data, err := yamlfile.Read(path, MaxFile)
	if err != nil {
		return nil, err
	}
	return Parse(filepath.Base(path), data)
}

// Parse reads a file's bytes; name is what faults call it. Where there are
// faults, the error is survey.CodeOrganisationFault, whose cause joins a
// yamlfile.Fault for each, in the order of their lines, and the Organisation is
// nil. A file over MaxFile is survey.CodeFileTooLarge.
func Parse(name string, data []byte) (*Organisation, error) {
	if err := yamlfile.Fits(data, MaxFile); err != nil {
		return nil, err
	}
	c := &yamlfile.File{Name: name}
	doc := read(c, data)
	var o *Organisation
	if doc != nil {
		o = build(c, doc)
	}
	if err := c.Err(survey.CodeOrganisationFault); err != nil {
		return nil, err
	}
	return o, nil
}

// Entries gives the facts that say what the file says, in a stable order:
// settings, kinds, units, desks, kiosks, targets, each as in the file. Facts
// are never taken back: a row that is left out of a later file stays in force.
func (o *Organisation) Entries() []fact.Entry {
	var all []fact.Entry
	all = appendEntries(all, fact.KindSetting, o.Settings)
	all = appendEntries(all, fact.KindUnitKind, o.Kinds)
	all = appendEntries(all, fact.KindUnit, o.Units)
	all = appendEntries(all, fact.KindDesk, o.Desks)
	all = appendEntries(all, fact.KindKiosk, o.Kiosks)
	return appendEntries(all, fact.KindTarget, o.Targets)
}

func appendEntries[B any](all []fact.Entry, kind fact.Kind, bodies []B) []fact.Entry {
	for _, b := range bodies {
		all = append(all, fact.Entry{Kind: kind, Body: b})
	}
	return all
}
