package fact

// Entry is a fact before it has a number: its kind and its body, one of the
// structs of this package.
type Entry struct {
	Kind Kind
	Body any
	// Words is what the Digest of a Text, Act or Account is of: sealed to the
	// servers, kept beside the chain in the same commit, so that it can be erased.
	// Empty for other kinds.
	Words []byte
}

// Ref names a recorded fact.
type Ref struct {
	Origin OriginID
	Number uint64
	Stamp  Stamp
}
