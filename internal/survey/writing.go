package survey

// Purpose is what words were written for. The numbers are those of the facts.
type Purpose uint8

// The purposes.
const (
	PurposeComment Purpose = 1 // beside a rating, without a name
	PurposeContact Purpose = 2 // how to reach someone who asked for it, with consent
)

// Greatest lengths of what people write, in characters. What is longer is cut,
// and the writer is told.
const (
	MaxComment = 2000
	MaxName    = 100
	MaxContact = 120
)

// Writing is what a Text's sealed words hold, as JSON. It is a person's data:
// never logged, never in a fact.
type Writing struct {
	Comment string `json:"comment,omitempty"`
	Name    string `json:"name,omitempty"`
	Contact string `json:"contact,omitempty"` // telephone number or address
	Consent string `json:"consent,omitempty"` // the sentence that was agreed to, as shown
}
