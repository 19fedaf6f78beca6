package proof

import (
	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/prooflog"
)

// standingPage says what became of a ballot.
type standingPage struct {
	httpx.Frame
	Good   bool   // it is counted
	Text   string // what the title means
	Code   string // in groups
	Logged string // in which checkpoint it is; "": in none yet
	File   string // path of the proof; "": none yet
}

func (d Deps) showStanding(c *fiber.Ctx) error {
	code, err := receipt.ParseProof(httpx.Param(c, "code"))
	if err != nil {
		return d.typePage(c, survey.ErrorOf(err))
	}
	found, err := d.Find(c.UserContext(), code)
	if err != nil {
		return err
	}
	page := standingPage{Frame: httpx.NewFrame(c, ""), Code: code.Grouped()}
	page.Good = found.Standing == prooflog.Counted || found.Standing == prooflog.Beside
	switch found.Standing {
	case prooflog.Counted:
		page.Title, page.Text = page.L.T("proof.counted"), page.L.T("proof.counted.text")
	case prooflog.Beside:
		page.Title, page.Text = page.L.T("proof.beside"), page.L.T("proof.beside.text")
	case prooflog.Void:
		page.Title, page.Text = page.L.T("proof.void"), page.L.T("proof.void.text", "Reason", found.Reason)
	case prooflog.Waiting:
		page.Title, page.Text = page.L.T("proof.waiting"), page.L.T("proof.waiting.text")
	default:
		page.Title, page.Text = page.L.T("proof.unseen"), page.L.T("proof.unseen.text")
		return d.Views.Send(c, fiber.StatusOK, "phone/proof", page)
	}
	in, ok, err := d.Log.Include(c.UserContext(), found.Origin, found.Number, found.Hash)
	if err != nil {
		return err
	}
	if page.Logged = page.L.T("proof.notyet"); ok {
		page.Logged = page.L.T("proof.logged", "Moment", page.L.Moment(in.Of.At), "Short", in.Of.Short())
		page.File = address(code) + "/file"
	}
	return d.Views.Send(c, fiber.StatusOK, "phone/proof", page)
}

// proofFile is a proof that a rating is in the log, for any program that knows
// RFC 6962 and signed notes. The leaf is the fact's hash, which tells nothing of
// its content: each rating holds 128 random bits.
type proofFile struct {
	Code       string   `json:"code"`
	Standing   string   `json:"standing"`    // of the ballot when the file was made
	Fact       string   `json:"fact_sha256"` // hexadecimal
	Leaf       string   `json:"leaf_hash"`   // hexadecimal: SHA-256 of a zero byte and the fact's hash
	Index      uint64   `json:"leaf_index"`
	Size       uint64   `json:"tree_size"`
	Path       [][]byte `json:"inclusion_path"` // base64, from the leaf's sibling up
	Checkpoint string   `json:"checkpoint"`     // the signed note
	Key        string   `json:"verifier_key"`   // of the note
}

// sendFile gives the proof of a rating that is in a checkpoint; else HL2005.
func (d Deps) sendFile(c *fiber.Ctx) error {
	code, err := receipt.ParseProof(httpx.Param(c, "code"))
	if err != nil {
		return err
	}
	found, err := d.Find(c.UserContext(), code)
	if err != nil {
		return err
	}
	if found.Standing == prooflog.Unseen {
		return survey.New(survey.CodeNotFound)
	}
	in, ok, err := d.Log.Include(c.UserContext(), found.Origin, found.Number, found.Hash)
	if err != nil {
		return err
	}
	if !ok {
		return survey.New(survey.CodeNotFound)
	}
	key, err := d.Log.VerifierKey()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="hai-long-proof.json"`)
	return httpx.SendJSON(c, fiber.StatusOK, proofFile{
		Code: code.String(), Standing: found.Standing.String(), Fact: found.Hash.String(), Leaf: hexOf(in.Leaf[:]),
		Index: in.Index, Size: in.Of.Size, Path: in.Path, Checkpoint: in.Of.Note, Key: key,
	})
}
