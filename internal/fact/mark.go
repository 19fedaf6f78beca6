package fact

// Mark is a server's watermark for one origin: it holds that origin's chain,
// durably, up to and including Number. It may fall (a restored database).
type Mark struct {
	_           struct{} `cbor:",toarray"`
	Server      string   // id of the server
	Incarnation [16]byte // of its projection's database: new for each new or restored one
	Origin      OriginID
	Number      uint64 // 0: holds nothing
	Hash        Hash   // of that number; zero for 0
	Stream      int64  // identity of the stream that it reads: its creation, Unix nanoseconds
	Sequence    uint64 // of that stream, up to which it has applied
	CaughtUp    bool   // it had read the stream to its end
}
