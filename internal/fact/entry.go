package fact

// Entry is a fact before it has a number: its kind and its body, one of the
// structs of this package.
type Entry struct {
	Kind Kind
	Body any
}

// Ref names a recorded fact.
type Ref struct {
	Origin OriginID
	Number uint64
	Stamp  Stamp
}
