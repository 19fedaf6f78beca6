// Package capture is the use case of whoever answers: scan, rate, rate again.
// Kiosk and phone page go through it alike; where ratings are kept, and how
// they travel, is the Recorder's affair.
package capture

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync/atomic"
	"time"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// Recorder keeps facts. It returns nil only when they are on the disk, and to
// record the same rating again after an error must be harmless.
// *outbox.Outbox is one.
type Recorder interface {
	Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error)
}

// Options of New. Recorder and Channel are required.
type Options struct {
	Recorder Recorder
	Channel  survey.Channel
	// Desk gives the code of the desk at which walk-ins are counted; "" while
	// it is not known. nil: there are no walk-ins here.
	Desk func() string
	// SealKey gives the servers' public key, to which dossier codes and what
	// people write are sealed; nil while it is not known. A nil function: neither
	// is taken here.
	SealKey func() *[32]byte
	// NoCodes: dossier codes are not taken here, though there is a key.
	NoCodes bool
	// Questionnaire gives a version, nil where this place does not have it: then
	// answers are taken by their form alone, since a page may have been opened
	// with a version that is gone by now. A nil function: none is had.
	Questionnaire func(version uint16) *survey.Questionnaire
	// Patterns gives the forms of dossier codes, which a setting may change while
	// the program runs; where it, or what it gives, is nil: the usual ones.
	Patterns func() receipt.Patterns
	// IsFull says whether an error of the Recorder means a full disk; nil: never.
	IsFull func(error) bool
	// Now is the time, for Trouble; nil: time.Now.
	Now func() time.Time
}

// Capture takes ratings. It may be used by many at once.
type Capture struct {
	o       Options
	trouble atomic.Pointer[Trouble]
}

// Trouble is why the last rating could not be recorded.
type Trouble struct {
	At  time.Time
	Err *survey.Error // its cause is for operators
}

// New makes a Capture.
func New(o Options) *Capture {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Capture{o: o}
}

// Subject is what a rating is about. The zero Subject is a walk-in.
type Subject struct {
	Binding survey.Binding // 0 counts as BindingNone
	receipt [32]byte       // hash
	code    string         // of the dossier, normalised; never written unsealed
}

// Receipt is the subject of a receipt or slip.
func Receipt(hash [32]byte) Subject {
	return Subject{Binding: survey.BindingReceipt, receipt: hash}
}

// WalkIn is the subject of someone without a receipt.
func WalkIn() Subject { return Subject{Binding: survey.BindingNone} }

// Scan reads what a person scanned or typed. Nothing says yet that such a
// receipt exists: where that can't be known, any well-formed id is taken, and
// counts only if a server knows it. Errors: survey.CodeUnknownScan,
// CodeScanTooLong, CodeBadReceiptID; CodeUnavailable for a dossier code while
// the servers' key is not known.
func (c *Capture) Scan(text string) (Subject, error) {
	patterns := receipt.DefaultPatterns()
	if c.o.Patterns != nil {
		if set := c.o.Patterns(); set != nil {
			patterns = set
		}
	}
	scanned, err := patterns.Scan(text)
	if err != nil {
		return Subject{}, err
	}
	if scanned.Bound == survey.BindingReceipt {
		return Receipt(scanned.ID.Hash()), nil
	}
	if c.o.SealKey == nil || c.o.NoCodes {
		return Subject{}, survey.New(survey.CodeUnknownScan)
	}
	if c.o.SealKey() == nil {
		return Subject{}, survey.New(survey.CodeUnavailable)
	}
	return Subject{Binding: survey.BindingDossier, code: scanned.Code}, nil
}

// Session is the random id of one sitting: whatever is tapped in it is about
// the same ballot.
type Session [16]byte

// NewSession draws one.
func NewSession() (s Session) {
	rand.Read(s[:]) // never fails
	return s
}

// String gives 32 hexadecimal digits.
func (s Session) String() string { return hex.EncodeToString(s[:]) }

// ParseSession reads what String wrote; else survey.CodeBadSession.
func ParseSession(text string) (s Session, err error) {
	if len(text) != 2*len(s) {
		return s, survey.New(survey.CodeBadSession)
	}
	if _, err := hex.Decode(s[:], []byte(text)); err != nil || s == (Session{}) {
		return Session{}, survey.New(survey.CodeBadSession)
	}
	return s, nil
}

// Input is one tap, or what was said in a sitting so far: each Input says all of
// it again, but for Comment and Contact, which hold until others are given.
type Input struct {
	Subject  Subject
	Session  Session // zero: a new one
	Score    survey.Score
	Language string        // BCP 47, as shown
	Took     time.Duration // from the faces to the tap; what is out of range is cut

	Questionnaire uint16 // version that was shown; 0: the overall question alone
	Answers       []fact.Answer
	Reasons       []string // ticks, see survey.Reason
	Comment       *string  // nil: as before; "": taken back
	Contact       *Contact // nil: as before
}

// Contact is how to reach someone who asked for it.
type Contact struct {
	Name, Contact string
	Consent       string // the sentence that was agreed to, as shown; "": no consent, and nothing is kept
}

// Recorded says that a rating is on the disk, and its words with it.
type Recorded struct {
	Session Session
	Ref     fact.Ref
	Proof   receipt.Proof // by which the person can ask later whether the ballot counts
	Cut     bool          // words were longer than allowed, and were cut
}

// maxTook is the longest time from faces to tap that is noted.
const maxTook = time.Hour

// Rate records one tap, and returns when it is on the disk. To tap again, in the
// same sitting or in another, is another rating of the same ballot: the latest
// counts. A walk-in's ballot is the sitting itself.
//
// Words that a person wrote are cleaned (see Clean), cut where too long, sealed
// and recorded in the same commit.
//
// Errors: survey.CodeBadScore, CodeBadField ("language", "answers", "reasons",
// "consent", "contact"), CodeUnavailable where this place does not yet know its
// desk or the servers' key, CodeStorageFull,
// CodeStorageFailing; errors of the catalogue that the Recorder gave go through.
// After any error the person was not thanked, and may try again.
func (c *Capture) Rate(ctx context.Context, in Input) (Recorded, error) {
	if !in.Score.Valid() {
		return Recorded{}, survey.New(survey.CodeBadScore)
	}
	if !isTag(in.Language) {
		return Recorded{}, survey.New(survey.CodeBadField, "language")
	}
	if in.Session == (Session{}) {
		in.Session = NewSession()
	}
	rating := &fact.Rating{
		Session: in.Session[:], Score: uint8(in.Score), Channel: uint8(c.o.Channel), Language: in.Language,
		Took: uint32(min(max(in.Took, 0), maxTook).Milliseconds()), Nonce: make([]byte, 16),
	}
	rand.Read(rating.Nonce) // never fails
	if err := c.bind(rating, in.Subject); err != nil {
		return Recorded{}, err
	}
	if err := c.sheet(rating, in); err != nil {
		return Recorded{}, err
	}
	entries := []fact.Entry{{Kind: fact.KindRating, Body: rating}}
	r := Recorded{Session: in.Session}
	if in.Comment != nil || in.Contact != nil {
		words, cut, err := c.words(rating, in)
		if err != nil {
			return Recorded{}, err
		}
		entries, r.Cut = append(entries, words...), cut
	}
	refs, err := c.append(ctx, entries)
	if err != nil {
		return Recorded{}, err
	}
	if len(refs) > 0 {
		r.Ref = refs[0]
		r.Proof = receipt.NewProof(r.Ref.Origin, r.Ref.Number, rating.Nonce)
	}
	return r, nil
}

// Withdraw takes back what was tapped in a sitting moments ago
// (fact.WithdrawTime): a slip of the finger. It returns when that is on the
// disk. Errors: CodeBadSession, and those of Rate.
func (c *Capture) Withdraw(ctx context.Context, s Subject, session Session) error {
	if session == (Session{}) {
		return survey.New(survey.CodeBadSession)
	}
	as := &fact.Rating{Session: session[:]}
	if err := c.bind(as, s); err != nil {
		return err
	}
	_, err := c.append(ctx, []fact.Entry{{Kind: fact.KindWithdrawal, Body: &fact.Withdrawal{
		Receipt: as.Receipt, Sealed: as.Sealed, Session: as.Session,
	}}})
	return err
}

// append records, and keeps what failed for the staff.
func (c *Capture) append(ctx context.Context, entries []fact.Entry) ([]fact.Ref, error) {
	refs, err := c.o.Recorder.Append(ctx, entries...)
	if err != nil {
		return nil, c.failed(err)
	}
	if c.trouble.Load() != nil {
		c.trouble.Store(nil)
	}
	return refs, nil
}

// bind says in the rating what it is about.
func (c *Capture) bind(r *fact.Rating, s Subject) error {
	switch s.Binding {
	case survey.BindingReceipt:
		r.Receipt = s.receipt[:]
	case survey.BindingDossier:
		var key *[32]byte
		if c.o.SealKey != nil {
			key = c.o.SealKey()
		}
		if key == nil {
			return survey.New(survey.CodeUnavailable)
		}
		sealed, err := receipt.SealCode(key, s.code, nil)
		if err != nil {
			return err
		}
		r.Sealed = sealed
	default:
		if c.o.Desk == nil {
			return survey.New(survey.CodeUnknownScan)
		}
		if r.Desk = c.o.Desk(); r.Desk == "" {
			return survey.New(survey.CodeUnavailable)
		}
	}
	return nil
}

// failed finds the sentence for a rating that was not recorded, and keeps it
// for the staff.
func (c *Capture) failed(err error) error {
	var e *survey.Error
	switch {
	case errors.As(err, &e):
	case c.o.IsFull != nil && c.o.IsFull(err):
		e = survey.Wrap(survey.CodeStorageFull, err)
	default:
		e = survey.Wrap(survey.CodeStorageFailing, err)
	}
	c.trouble.Store(&Trouble{At: c.o.Now(), Err: e})
	return e
}

// Trouble says why the last rating could not be recorded; ok is false where it
// was, or where there was none yet.
func (c *Capture) Trouble() (t Trouble, ok bool) {
	if p := c.trouble.Load(); p != nil {
		return *p, true
	}
	return Trouble{}, false
}

// isTag says whether a text looks like a language's BCP 47 tag, or is empty.
func isTag(s string) bool {
	if len(s) > 35 {
		return false
	}
	for i := range len(s) {
		b := s[i]
		if !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-') {
			return false
		}
	}
	return true
}
