// Package locale holds the message catalogues and the ways in which a language
// writes numbers and dates. Vietnamese comes first: it is the default, and the
// language whose keys the others must have. Vietnamese and English are whole;
// another language may have the catalogues of the citizens' pages alone.
package locale

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Default is the tag of the language that is shown where nobody asked for
// another.
const Default = "vi"

// second is the other language that has every catalogue.
const second = "en"

// own is the key by which a language names itself.
const own = "language"

// Catalogue is every message in its languages. It does not change after Load,
// and may be used by many at once.
type Catalogue struct {
	languages []*Language // Vietnamese first
	keys      []string
}

// Language is one language of a catalogue.
type Language struct {
	// Tag is its BCP 47 tag, such as "vi".
	Tag string
	// Name is what it calls itself, such as «Tiếng Việt»: the message "language".
	Name string
	// Whole says that it has every message; what another lacks is Vietnamese.
	Whole bool

	plain     map[string]string // messages without arguments or plural forms
	localizer *i18n.Localizer
	style     style
}

// messages are those of one file, by key.
type messages map[string]*i18n.Message

// Load reads every NAME.LANGUAGE.json of the folder: an object of keys, each
// with its text, or with an object of plural forms ("one", "other"). A text may
// use arguments as {{.Name}}. Each NAME must be there in Vietnamese and in
// English; a further language may lack some, but not the one in which it names
// itself. A key in two files of a language, or files of one NAME whose keys
// differ, are errors; all such faults are reported at once.
func Load(files fs.FS) (*Catalogue, error) {
	paths, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(language.Vietnamese)
	byTag := map[string]map[string]messages{} // then by NAME
	var faults []error
	for _, file := range paths {
		data, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		parsed, err := i18n.ParseMessageFileBytes(data, file, nil)
		if err != nil {
			faults = append(faults, fmt.Errorf("locale: %s: %w", file, err))
			continue
		}
		tag := parsed.Tag.String()
		name, _, _ := strings.Cut(path.Base(file), ".")
		if strings.Count(path.Base(file), ".") != 2 || tag == "und" {
			faults = append(faults, fmt.Errorf("locale: %s: the name must be NAME.LANGUAGE.json", file))
			continue
		}
		if byTag[tag] == nil {
			byTag[tag] = map[string]messages{}
		}
		byTag[tag][name] = messages{}
		for _, m := range parsed.Messages {
			for _, other := range byTag[tag] {
				if other[m.ID] != nil {
					faults = append(faults, fmt.Errorf("locale: %s: %q is in another file too", file, m.ID))
				}
			}
			byTag[tag][name][m.ID] = m
		}
		if err := bundle.AddMessages(parsed.Tag, parsed.Messages...); err != nil {
			faults = append(faults, fmt.Errorf("locale: %s: %w", file, err))
		}
	}
	if byTag[Default] == nil {
		return nil, errors.Join(append(faults, errors.New("locale: no Vietnamese catalogue (NAME.vi.json)"))...)
	}
	faults = append(faults, missing(byTag)...)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return build(bundle, byTag), nil
}

// missing names every file that a whole language lacks, and every key that
// stands in a file and not in that of the same name in another language.
func missing(byTag map[string]map[string]messages) (faults []error) {
	byName := map[string]map[string]bool{} // keys in any language
	for _, files := range byTag {
		for name, keys := range files {
			if byName[name] == nil {
				byName[name] = map[string]bool{}
			}
			for key := range keys {
				byName[name][key] = true
			}
		}
	}
	for _, tag := range []string{Default, second} {
		for name := range byName {
			if byTag[tag][name] == nil {
				faults = append(faults, fmt.Errorf("locale: %s.%s.json is missing", name, tag))
			}
		}
	}
	for tag, files := range byTag {
		named := false
		for name, keys := range files {
			for key := range byName[name] {
				if keys[key] == nil {
					faults = append(faults, fmt.Errorf("locale: %q is missing in %q", key, tag))
				}
			}
			named = named || keys[own] != nil
		}
		if !named {
			faults = append(faults, fmt.Errorf("locale: %q does not say what it is called: %q is missing", tag, own))
		}
	}
	sort.Slice(faults, func(i, j int) bool { return faults[i].Error() < faults[j].Error() })
	return faults
}

func build(bundle *i18n.Bundle, byTag map[string]map[string]messages) *Catalogue {
	tags := make([]string, 0, len(byTag))
	for tag := range byTag {
		tags = append(tags, tag)
	}
	sort.Slice(tags, func(i, j int) bool {
		if (tags[i] == Default) != (tags[j] == Default) {
			return tags[i] == Default
		}
		return tags[i] < tags[j]
	})
	c := &Catalogue{}
	for _, tag := range tags {
		l := &Language{
			Tag: tag, Whole: len(byTag[tag]) == len(byTag[Default]),
			plain: map[string]string{}, localizer: i18n.NewLocalizer(bundle, tag, Default), style: styleOf(tag),
		}
		for name, all := range byTag[Default] {
			if its := byTag[tag][name]; its != nil {
				all = its
			}
			for key, m := range all {
				if m.One == "" && !strings.Contains(m.Other, "{{") {
					l.plain[key] = m.Other
				}
				if tag == Default {
					c.keys = append(c.keys, key)
				}
			}
		}
		l.Name = l.T(own)
		c.languages = append(c.languages, l)
	}
	sort.Strings(c.keys)
	return c
}

// Languages lists the languages, Vietnamese first. The slice is not to be
// changed.
func (c *Catalogue) Languages() []*Language { return c.languages }

// Keys lists the keys of every message, sorted.
func (c *Catalogue) Keys() []string { return c.keys }

// Whole is the catalogue with those languages alone that have every message.
func (c *Catalogue) Whole() *Catalogue {
	whole := &Catalogue{keys: c.keys}
	for _, l := range c.languages {
		if l.Whole {
			whole.languages = append(whole.languages, l)
		}
	}
	return whole
}

// Only is the catalogue with the languages of these tags alone, in their order
// but for Vietnamese, which is always there and first. A tag that it does not
// have is passed over.
func (c *Catalogue) Only(tags ...string) *Catalogue {
	only := &Catalogue{keys: c.keys, languages: c.languages[:1:1]}
	for _, tag := range tags {
		if l := c.Language(tag); l != nil && only.Language(tag) == nil {
			only.languages = append(only.languages, l)
		}
	}
	return only
}

// Language gives the language of a tag such as "en", or nil.
func (c *Catalogue) Language(tag string) *Language {
	for _, l := range c.languages {
		if l.Tag == tag {
			return l
		}
	}
	return nil
}

// Accept chooses by an Accept-Language header. Vietnamese wins wherever the
// header names it at all: browsers put English before it by habit, people
// rarely choose that order. Otherwise the first language that we have counts,
// without guesses from one language to another. What cannot be read gives
// Vietnamese.
func (c *Catalogue) Accept(header string) *Language {
	chosen := c.languages[0]
	if header == "" || len(header) > 1024 {
		return chosen
	}
	tags, weights, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return chosen
	}
	found := false
	for i, tag := range tags { // by falling weight
		base, _ := tag.Base()
		if weights[i] <= 0 {
			continue
		}
		if base.String() == Default {
			return c.languages[0]
		}
		if l := c.Language(base.String()); l != nil && !found {
			chosen, found = l, true
		}
	}
	return chosen
}

// T gives the message of a key. Arguments come in pairs of name and value; the
// value named "Count", an int or int64, also chooses the plural form. A key
// that no catalogue has is given back as it is: the tests of this package see
// to it that no page uses one.
func (l *Language) T(key string, pairs ...any) string {
	if text, ok := l.plain[key]; ok {
		return text
	}
	config := &i18n.LocalizeConfig{MessageID: key}
	if len(pairs) > 0 {
		values := make(map[string]any, len(pairs)/2)
		for i := 0; i+1 < len(pairs); i += 2 {
			name, _ := pairs[i].(string)
			values[name] = pairs[i+1]
			if name == "Count" {
				config.PluralCount = pairs[i+1]
				if n, ok := count(pairs[i+1]); ok {
					values[name] = l.Number(n)
				}
			}
		}
		config.TemplateData = values
	}
	// A text may come with an error: the other form, where the counted one is missing.
	text, err := l.localizer.Localize(config)
	if err != nil && text == "" {
		return key
	}
	return text
}

func count(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// Texts gives every message without arguments whose key begins with one of the
// prefixes, for a page's own script.
func (l *Language) Texts(prefixes ...string) map[string]string {
	texts := map[string]string{}
	for key, text := range l.plain {
		for _, p := range prefixes {
			if strings.HasPrefix(key, p) {
				texts[key] = text
			}
		}
	}
	return texts
}
