package fact

import "errors"

// Closing keeps the figures of a period as they were published: they are a
// function of the facts up to Holds, of where blocks ended (Cells) and of what
// was still shown of ballots that were held back (Back). All three together name
// them; nothing that comes later changes them.
type Closing struct {
	_     struct{} `cbor:",toarray"`
	From  int32    // survey.Day
	To    int32    // survey.Day after the last
	Holds []Hold   // of every origin, the last fact that was in effect
	Cells []CellSpan
	Back  []HeldBack
	Left  []LeftOut
	By    string // name of the server that closed, for people
}

// CellSpan is which days the blocks of a cell cover that end in the period: after
// After, up to Last.
type CellSpan struct {
	_           struct{} `cbor:",toarray"`
	Unit, Desk  string
	Service     uint8
	After, Last int32 // survey.Day
}

// HeldBack is what was still shown of a ballot that had changed; Score 0:
// nothing yet.
type HeldBack struct {
	_          struct{} `cbor:",toarray"`
	Ballot     []byte   // its key, 32 bytes
	Unit, Desk string   // the cell in which it was shown
	Service    uint8
	Day        int32 // survey.Day on which it was shown
	Score      uint8
	Channel    uint8
	Binding    uint8
	Changed    bool
	Origin     []byte // of the rating that was shown, 16 bytes; empty: none
	Number     uint64
}

// LeftOut names the breakdowns of a unit that would have told what one person
// said, and are not published.
type LeftOut struct {
	_       struct{} `cbor:",toarray"`
	Unit    string
	Service uint8
	By      []string // dimensions, as package closing names them
}

// maxPeriod is the greatest number of days of a closing: a year.
const maxPeriod = 366

// Validate says whether the closing may keep figures.
func (c *Closing) Validate() error {
	names := []string{c.By}
	cells := true
	for _, x := range c.Cells {
		names = append(names, x.Unit, x.Desk)
		cells = cells && x.Service <= 2 && x.After < x.Last && x.Last >= c.From && x.Last < c.To
	}
	back := true
	for _, x := range c.Back {
		names = append(names, x.Unit, x.Desk)
		shown := len(x.Origin) == 16 && x.Number > 0 && x.Number <= MaxNumber && x.Score >= 1 && x.Score <= 5
		nothing := len(x.Origin) == 0 && x.Number == 0 && x.Score == 0
		back = back && len(x.Ballot) == 32 && (shown || nothing) && x.Service <= 2
	}
	for _, x := range c.Left {
		names = append(append(names, x.Unit), x.By...)
	}
	holds := len(c.Holds) > 0
	for i, h := range c.Holds {
		holds = holds && h.Number > 0 && h.Number <= MaxNumber && (i == 0 || string(c.Holds[i-1].Origin[:]) < string(h.Origin[:]))
	}
	return errors.Join(
		check(c.From < c.To && int64(c.To)-int64(c.From) <= maxPeriod, "period"),
		check(holds, "what it holds"),
		check(cells, "cells"),
		check(back, "what is held back"),
		check(texts(names...), "text"))
}
