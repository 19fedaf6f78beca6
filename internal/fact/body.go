package fact

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Roles of an origin.
const (
	RoleKiosk  uint8 = 1
	RoleServer uint8 = 2
)

// Opened is number 1 of every origin.
type Opened struct {
	_      struct{} `cbor:",toarray"`
	Role   uint8
	Name   string // of the device, for people
	Member []byte // servers: HMAC of the public key under the servers' shared key; else empty

	// Where this origin goes on for an earlier one of the same key: that
	// origin, the last number that it shares with what servers hold, and the
	// first fact of the branch that it gives up. The facts of that branch are
	// recorded again in this origin, with the same ballots, so at a fork a
	// withdrawn branch gives way to any other.
	Previous      []byte // 16 bytes, or empty
	Agreed        uint64
	Withdrawn     uint64 // Agreed + 1, where there is such a fact; 0: none
	WithdrawnHash []byte // its hash, 32 bytes, or empty
	Reason        string // for people, in English: "restored", "copied", …
}

// Clock says what time it was at a server when the device had been up for Mono.
type Clock struct {
	_      struct{} `cbor:",toarray"`
	Boot   [16]byte
	Mono   int64 // milliseconds since that boot
	Server int64 // Unix milliseconds
}

// Answer is one answer of the questionnaire beside the overall score.
type Answer struct {
	_        struct{} `cbor:",toarray"`
	Question string
	Score    uint8 // 1–5
}

// Rating is what one person said once. Exactly one of Receipt, Sealed and
// neither holds: bound to a receipt, to a scanned dossier code, or a walk-in.
type Rating struct {
	_             struct{} `cbor:",toarray"`
	Receipt       []byte   // receipt hash, 32 bytes, or empty
	Sealed        []byte   // dossier code sealed to the servers' X25519 key, or empty
	Session       []byte   // 16 random bytes of the sitting
	Desk          string   // walk-ins at a kiosk: code of its desk
	Score         uint8    // overall, 1–5
	Channel       uint8    // survey.Channel
	Language      string   // BCP 47, as shown
	Took          uint32   // milliseconds from the screen to the tap
	Nonce         []byte   // 16 random bytes, so that the hash hides the answer
	Questionnaire uint16   // version shown; 0: the overall question alone
	Answers       []Answer // by question
	Reasons       []string // codes ticked
}

// SaysMore says whether the rating has more than its overall score.
func (r *Rating) SaysMore() bool { return len(r.Answers)+len(r.Reasons) > 0 }

// Admission lets every origin of a public key count, as the kiosk named.
type Admission struct {
	_      struct{} `cbor:",toarray"`
	Public []byte   // Ed25519, 32 bytes
	Kiosk  string   // code of the kiosk
}

// Hold is the last fact of an origin that still counts after a revocation.
type Hold struct {
	_      struct{} `cbor:",toarray"`
	Origin OriginID
	Number uint64
	Hash   Hash
}

// Revocation ends a key: only the facts up to the named ones hold, none of any
// other origin of that key.
type Revocation struct {
	_      struct{} `cbor:",toarray"`
	Public []byte
	Holds  []Hold
	Reason string
}

// Decision is an administrator's choice at a fork: the branch through Hash.
type Decision struct {
	_      struct{} `cbor:",toarray"`
	Origin OriginID
	Number uint64
	Hash   Hash
	Reason string
}

// Dossier registers one. Ballot is the HMAC of its code.
type Dossier struct {
	_         struct{} `cbor:",toarray"`
	Ballot    []byte   // 32 bytes
	Desk      string   // receiving desk
	Unit      string   // settling authority
	Service   uint8    // survey.Service
	Field     string   // lĩnh vực
	Procedure string   // thủ tục
	Officer   string   // code of the officer who received it, or empty
	Received  int64    // Unix milliseconds
	Due       int64    // Unix milliseconds; 0: none
}

// Receipt is one printed receipt of a dossier; a reprint is another.
type Receipt struct {
	_      struct{} `cbor:",toarray"`
	Hash   []byte   // 32 bytes
	Ballot []byte   // 32 bytes
}

// Slip is a one-time receipt without a dossier: its hash is its ballot.
type Slip struct {
	_       struct{} `cbor:",toarray"`
	Hash    []byte   // 32 bytes
	Desk    string   // may be empty
	Unit    string
	Service uint8
	Issued  int64 // Unix milliseconds
}

// Event is a step of a dossier after its registration.
type Event struct {
	_      struct{} `cbor:",toarray"`
	Ballot []byte   // 32 bytes
	Step   uint8    // survey.Step: supplement, refused or returned
	At     int64    // Unix milliseconds
	Desk   string   // where it happened, or empty
}

// UnitKind is a kind of unit, such as a ward.
type UnitKind struct {
	_      struct{} `cbor:",toarray"`
	Code   string
	Name   string
	NameEN string
}

// Unit is an authority or public non-business unit.
type Unit struct {
	_      struct{} `cbor:",toarray"`
	Code   string
	Name   string
	NameEN string
	Kind   string // UnitKind's code
	Parent string // unit code; empty for the root
	From   int32  // survey.Day from which it exists; 0: always
	Until  int32  // survey.Day from which it no longer does; 0: open
}

// Desk is a bộ phận một cửa, or the place in a public unit where people rate.
type Desk struct {
	_       struct{} `cbor:",toarray"`
	Code    string
	Unit    string
	Name    string
	NameEN  string
	Service uint8 // what walk-ins there are counted under
}

// Kiosk is a device's place.
type Kiosk struct {
	_    struct{} `cbor:",toarray"`
	Code string
	Desk string
	Name string
}

// Target is a satisfied rate that is asked of a kind of unit or of one unit.
type Target struct {
	_          struct{} `cbor:",toarray"`
	Kind       string   // UnitKind's code, or empty
	Unit       string   // or a unit's own
	Service    uint8
	Operator   uint8 // survey.Operator
	Hundredths int32 // of a percent: 9500 = 95%
	From       int32 // survey.Day
}

// Setting is a value for the whole province.
type Setting struct {
	_     struct{} `cbor:",toarray"`
	Key   string
	Value string
}

// Questionnaire is one version of what is asked. A version is never changed:
// answers stay tied to the one that was shown.
type Questionnaire struct {
	_        struct{} `cbor:",toarray"`
	Version  uint16   // 1, 2, 3 …
	From     int32    // survey.Day from which it is shown; 0: always
	Document []byte   // JSON, for survey.ParseQuestionnaire
}

// Text says that words were written in a sitting, and which: the words
// themselves travel and are kept apart, where they can be erased. Of one
// purpose, the last of a sitting holds.
type Text struct {
	_        struct{} `cbor:",toarray"`
	Receipt  []byte   // what the sitting was about: as in Rating
	Sealed   []byte
	Session  []byte
	Purpose  uint8  // survey.Purpose
	Digest   []byte // SHA-256 of the sealed words, 32 bytes; empty: taken back
	Size     uint32 // of the sealed words, in bytes
	Language string // BCP 47, as shown
}

// Withdrawal takes back the ratings of a sitting that the same origin recorded
// before it, within WithdrawTime of the same boot: a slip of the finger.
type Withdrawal struct {
	_       struct{} `cbor:",toarray"`
	Receipt []byte   // what the sitting was about: as in Rating
	Sealed  []byte
	Session []byte
}

// WithdrawTime is how long after a rating a withdrawal still takes it back, in
// milliseconds since boot: the screen's 5 seconds, and time for slow devices.
const WithdrawTime = 15_000

// MaxSealedWords bounds the sealed words of one Text, in bytes.
const MaxSealedWords = 16 << 10

// MaxDocument bounds a questionnaire's document, in bytes.
const MaxDocument = 128 << 10

// ErrRefused is wrapped by every error of Validate.
var ErrRefused = errors.New("fact: refused")

// MaxText bounds each text of a body, in bytes.
const MaxText = 400

func check(ok bool, what string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrRefused, what)
}

func texts(ss ...string) bool {
	for _, s := range ss {
		if len(s) > MaxText || !utf8.ValidString(s) {
			return false
		}
	}
	return true
}

// Validate says whether the rating is one that may count, as a function of its
// bytes alone.
func (r *Rating) Validate() error {
	answers := len(r.Answers) <= 64 && len(r.Reasons) <= 64 && texts(r.Reasons...)
	for _, a := range r.Answers {
		answers = answers && a.Score >= 1 && a.Score <= 5 && texts(a.Question)
	}
	return errors.Join(
		check(r.Score >= 1 && r.Score <= 5, "score out of 1–5"),
		bound(r.Receipt, r.Sealed, r.Session),
		check(len(r.Nonce) == 16, "nonce"),
		check(r.Channel >= 1 && r.Channel <= 2, "channel"),
		check(texts(r.Desk, r.Language), "text"),
		check(answers, "answers"),
	)
}

// bound says whether receipt hash, sealed code and session can be those of a
// sitting.
func bound(receipt, sealed, session []byte) error {
	return errors.Join(
		check(len(receipt) == 0 || len(receipt) == 32, "receipt hash"),
		check(len(sealed) == 0 || len(receipt) == 0, "two bindings"),
		check(len(sealed) <= 256, "sealed code"),
		check(len(session) == 16, "session"))
}

// Validate says whether the words may be kept.
func (t *Text) Validate() error {
	return errors.Join(
		bound(t.Receipt, t.Sealed, t.Session),
		check(t.Purpose >= 1 && t.Purpose <= 2, "purpose"),
		check(len(t.Digest) == 0 && t.Size == 0 || len(t.Digest) == 32 && t.Size > 0 && t.Size <= MaxSealedWords, "digest"),
		check(texts(t.Language), "text"))
}

// Validate says whether the withdrawal may hold.
func (w *Withdrawal) Validate() error { return bound(w.Receipt, w.Sealed, w.Session) }

// Validate says whether the version may be shown; what its document says is
// judged by survey.ParseQuestionnaire.
func (q *Questionnaire) Validate() error {
	return errors.Join(
		check(q.Version > 0, "version"),
		check(len(q.Document) > 0 && len(q.Document) <= MaxDocument && utf8.Valid(q.Document), "document"))
}

// A time in milliseconds lies within these, about the years 2001 and 2286.
const (
	minTime = 1_000_000_000_000
	maxTime = 10_000_000_000_000
)

func times(ms ...int64) bool {
	for _, t := range ms {
		if t < minTime || t > maxTime {
			return false
		}
	}
	return true
}

// Validate says whether the clock fact may date others.
func (c *Clock) Validate() error {
	return check(times(c.Server) && c.Mono >= 0 && c.Mono <= maxTime, "clock out of range")
}

// Validate says whether the registration may count.
func (d *Dossier) Validate() error {
	return errors.Join(
		check(len(d.Ballot) == 32, "ballot key"),
		check(d.Service >= 1 && d.Service <= 2, "service"),
		check(times(d.Received) && (d.Due == 0 || times(d.Due)), "time out of range"),
		check(texts(d.Desk, d.Unit, d.Field, d.Procedure, d.Officer), "text"))
}

// Validate says whether the receipt may be bound.
func (r *Receipt) Validate() error {
	return check(len(r.Hash) == 32 && len(r.Ballot) == 32, "receipt hash or ballot key")
}

// Validate says whether the slip may count.
func (s *Slip) Validate() error {
	return errors.Join(
		check(len(s.Hash) == 32, "receipt hash"),
		check(s.Service >= 1 && s.Service <= 2, "service"),
		check(times(s.Issued), "time out of range"),
		check(texts(s.Desk, s.Unit), "text"))
}

// Validate says whether the event may count.
func (e *Event) Validate() error {
	return errors.Join(
		check(len(e.Ballot) == 32, "ballot key"),
		check(e.Step >= 2 && e.Step <= 4, "step"),
		check(times(e.At), "time out of range"),
		check(texts(e.Desk), "text"))
}

// Validate says whether the key may be admitted.
func (a *Admission) Validate() error {
	return errors.Join(check(len(a.Public) == 32, "public key"), check(texts(a.Kiosk), "text"))
}

// CanDate says whether the envelope's times can be corrected at all; a wall
// clock in 1970 can.
func (f *Fact) CanDate() bool {
	return f.Wall > -maxTime && f.Wall < maxTime && f.Mono >= 0 && f.Mono <= maxTime
}
