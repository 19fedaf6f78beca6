package projection

import (
	"bytes"
	"context"
	"sync"

	"hailong/internal/survey"
)

// Version is one version of what is asked.
type Version struct {
	Number        uint16
	From          survey.Day // from which it is shown; 0: always
	Document      []byte     // as recorded
	Questionnaire *survey.Questionnaire
}

// sheets keeps what documents were read to: each page of a receipt asks.
type sheets struct {
	mu   sync.Mutex
	read map[uint16]Version
}

// parse reads a version's document; ok is false for one that only a newer
// program understands.
func (s *sheets) parse(v *Version) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.read[v.Number]; bytes.Equal(have.Document, v.Document) {
		v.Questionnaire = have.Questionnaire
		return v.Questionnaire != nil
	}
	if q, err := survey.ParseQuestionnaire(v.Document); err == nil && q.Version == v.Number {
		v.Questionnaire = q
	}
	if s.read == nil {
		s.read = map[uint16]Version{}
	}
	s.read[v.Number] = *v
	return v.Questionnaire != nil
}

// Versions gives the versions of the questionnaire that this program
// understands, the one that would be shown last of all first.
func (p *Projection) Versions(ctx context.Context) (all []Version, err error) {
	r, err := p.db.Read().QueryContext(ctx, `SELECT version, since, document FROM questionnaire ORDER BY since DESC, version DESC`)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for r.Next() {
		var v Version
		if err := r.Scan(&v.Number, &v.From, &v.Document); err != nil {
			return nil, err
		}
		if p.sheets.parse(&v) {
			all = append(all, v)
		}
	}
	return all, r.Err()
}

// InForce gives the version that is shown on a day: of those from that day or
// before, the one with the latest day, then the greatest number. ok is false
// where there is none.
func (p *Projection) InForce(ctx context.Context, on survey.Day) (v Version, ok bool, err error) {
	all, err := p.Versions(ctx)
	for _, v := range all {
		if v.From <= on {
			return v, true, err
		}
	}
	return Version{}, false, err
}

// Questionnaire gives a version; nil where it is not known.
func (p *Projection) Questionnaire(ctx context.Context, number uint16) (*survey.Questionnaire, error) {
	all, err := p.Versions(ctx)
	for _, v := range all {
		if v.Number == number {
			return v.Questionnaire, err
		}
	}
	return nil, err
}
