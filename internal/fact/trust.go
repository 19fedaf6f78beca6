package fact

import "errors"

// Ways by which an act was done.
const (
	ViaPage    uint8 = 1 // a person who had signed in
	ViaProgram uint8 = 2 // a program with a token
	ViaCommand uint8 = 3 // the command line, with the token in the server's data folder
	ViaServer  uint8 = 4 // the server itself
)

// Act says who changed something, when (its stamp) and what about: the facts
// right before it in its origin's chain. Name, address, and what was there
// before and after are words, kept where they can be erased.
type Act struct {
	_       struct{} `cbor:",toarray"`
	By      []byte   // Account's ID, 16 bytes; empty: nobody's account
	Via     uint8
	Action  string // code for people, such as "account.change"
	Subject string // code or id of what it is about, or empty
	Facts   uint16 // how many facts right before it it speaks of; 0: it changed nothing, such as an export
	Digest  []byte // SHA-256 of the sealed words, 32 bytes
	Size    uint32 // of the sealed words, in bytes
}

// Account is a person's or a program's account as it stands from then on. The
// latest fact of an ID holds. Name, password hash and the like are words, kept
// where they can be erased.
type Account struct {
	_      struct{} `cbor:",toarray"`
	ID     []byte   // 16 random bytes
	Login  []byte   // HMAC of the sign-in name under the servers' shared key, 32 bytes; empty: a program
	Role   uint8    // access.Role
	Unit   string   // whose it is, where the role is for one unit
	Desk   string   // or for one desk
	Off    bool     // it lets nobody in
	Digest []byte   // SHA-256 of the sealed words, 32 bytes
	Size   uint32   // of the sealed words, in bytes
}

// Checkpoint is the state of a server's log of the facts in the order in which
// it took them up, signed (Note), and up to which number of each origin facts
// were in effect then.
type Checkpoint struct {
	_    struct{} `cbor:",toarray"`
	Log  []byte   // id of the log, 16 bytes
	Size uint64   // leaves
	Root []byte   // RFC 6962, 32 bytes
	Note []byte   // the signed text, as it is published
	// Where this log goes on for another that was lost: that one's last
	// checkpoint, as far as this server knows.
	Previous     []byte // 16 bytes, or empty
	PreviousSize uint64
	PreviousRoot []byte // 32 bytes, or empty
	Holds        []Hold // origins of which more was in effect than at the log's checkpoint before, by id
}

// Void says that some ratings do not count, and why; they stay, and are shown as
// void. Of facts about the same run of numbers the latest holds.
type Void struct {
	_      struct{} `cbor:",toarray"`
	Origin OriginID
	First  uint64 // number of the first fact of the run
	Last   uint64 // and of its last
	Reason string
	Lift   bool // they count again
}

// Reasons of an erasure.
const (
	ErasedOnRequest uint8 = 1 // the person whose it was asked for it
	ErasedUnlawful  uint8 = 2 // it says of others what may not be kept
	ErasedReplaced  uint8 = 3 // of an account: other words hold now
)

// Erasure says that words are to be kept nowhere any more. It can't be undone.
type Erasure struct {
	_      struct{} `cbor:",toarray"`
	Digest []byte   // of the sealed words, 32 bytes
	Reason uint8
}

// words says whether a digest and size can be those of sealed words.
func words(digest []byte, size uint32) bool {
	return len(digest) == 32 && size > 0 && size <= MaxSealedWords
}

// Validate says whether the act may be shown.
func (a *Act) Validate() error {
	return errors.Join(
		check(len(a.By) == 0 || len(a.By) == 16, "account"),
		check(a.Via >= ViaPage && a.Via <= ViaServer, "way"),
		check(a.Action != "" && texts(a.Action, a.Subject), "text"),
		check(words(a.Digest, a.Size), "digest"))
}

// Validate says whether the account may hold.
func (a *Account) Validate() error {
	return errors.Join(
		check(len(a.ID) == 16, "id"),
		check(len(a.Login) == 0 || len(a.Login) == 32, "sign-in name"),
		check(a.Role >= 1 && a.Role <= 7, "role"),
		check(texts(a.Unit, a.Desk), "text"),
		check(words(a.Digest, a.Size), "digest"))
}

// Validate says whether the checkpoint may be kept; its note is judged by those
// who hold the key.
func (c *Checkpoint) Validate() error {
	holds := true
	for i, h := range c.Holds {
		holds = holds && h.Number > 0 && h.Number <= MaxNumber && (i == 0 || string(c.Holds[i-1].Origin[:]) < string(h.Origin[:]))
	}
	before := len(c.Previous) == 0 && c.PreviousSize == 0 && len(c.PreviousRoot) == 0 ||
		len(c.Previous) == 16 && len(c.PreviousRoot) == 32
	return errors.Join(
		check(len(c.Log) == 16 && len(c.Root) == 32, "log or root"),
		check(len(c.Note) > 0 && len(c.Note) <= 4<<10, "note"),
		check(before, "log before"),
		check(holds, "what it holds"))
}

// Validate says whether the void may hold.
func (v *Void) Validate() error {
	return errors.Join(
		check(v.First > 0 && v.First <= v.Last && v.Last <= MaxNumber, "run of numbers"),
		check(v.Reason != "" && texts(v.Reason), "reason"))
}

// Validate says whether the erasure may hold.
func (e *Erasure) Validate() error {
	return errors.Join(
		check(len(e.Digest) == 32, "digest"),
		check(e.Reason >= ErasedOnRequest && e.Reason <= ErasedReplaced, "reason"))
}
