package prooflog

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
)

// Checkpoint is a signed state of a log.
type Checkpoint struct {
	Point
	Note   string    // the signed text
	At     time.Time // by the server's clock
	Origin fact.OriginID
	Number uint64 // of the fact, in the server's chain
}

// Short is the first eight hexadecimal digits of the root: enough for people to
// compare what two places show.
func (p Point) Short() string { return fmt.Sprintf("%.8x", p.Root[:min(4, len(p.Root))]) }

// Name is the first line of a log's checkpoints, and the name of their key.
func Name(server string, log []byte) string {
	return "hailong/" + strings.ReplaceAll(url.PathEscape(server), "+", "%2B") + fmt.Sprintf("/%x", log)
}

// text writes a checkpoint's lines, as C2SP tlog-checkpoint has them. Lines
// beyond the third are ours: the time, and the last checkpoint of the log before.
func text(server string, p, previous Point, at time.Time) string {
	s := fmt.Sprintf("%s\n%d\n%s\ntime %s\n", Name(server, p.Log), p.Size, base64.StdEncoding.EncodeToString(p.Root), at.UTC().Format(time.RFC3339))
	if len(previous.Log) > 0 {
		s += fmt.Sprintf("previous %x %d %s\n", previous.Log, previous.Size, base64.StdEncoding.EncodeToString(previous.Root))
	}
	return s
}

// algorithm is Ed25519's number in package note.
const algorithm = 1

// signer signs notes under a name. The form of its key is that of note.NewSigner.
func signer(name string, key ed25519.PrivateKey) (note.Signer, error) {
	public := append([]byte{algorithm}, key.Public().(ed25519.PublicKey)...)
	h := sha256.Sum256(append([]byte(name+"\n"), public...))
	private := append([]byte{algorithm}, key.Seed()...)
	return note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, binary.BigEndian.Uint32(h[:]), base64.StdEncoding.EncodeToString(private)))
}

// VerifierKey is the public key of a log's checkpoints, as programs for such
// notes take it.
func VerifierKey(server string, log []byte, public ed25519.PublicKey) (string, error) {
	return note.NewEd25519VerifierKey(Name(server, log), public)
}

// Parse checks a checkpoint's signature by a server's public key and reads it.
func Parse(text []byte, public ed25519.PublicKey) (Point, error) {
	name, _, _ := strings.Cut(string(text), "\n")
	key, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return Point{}, fmt.Errorf("prooflog: checkpoint: %w", err)
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Point{}, fmt.Errorf("prooflog: checkpoint: %w", err)
	}
	n, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return Point{}, fmt.Errorf("prooflog: checkpoint: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	log := name[strings.LastIndexByte(name, '/')+1:]
	var p Point
	if len(lines) < 4 {
		return p, errors.New("prooflog: checkpoint: too few lines")
	}
	if _, err := fmt.Sscanf(log, "%32x", &p.Log); err != nil || len(p.Log) != 16 {
		return p, errors.New("prooflog: checkpoint: its name has no id of a log")
	}
	if p.Size, err = strconv.ParseUint(lines[1], 10, 63); err != nil {
		return p, fmt.Errorf("prooflog: checkpoint: %w", err)
	}
	if p.Root, err = base64.StdEncoding.DecodeString(lines[2]); err != nil || len(p.Root) != hashSize {
		return p, errors.New("prooflog: checkpoint: the root is none")
	}
	return p, nil
}

// checkpoint signs the log as it is and records it; made says whether nothing is
// left to do. A log to which no fact came but its last checkpoint needs none.
func (l *Log) checkpoint(ctx context.Context) (made bool, err error) {
	if why, err := l.contradicted(ctx, l.now()); err != nil {
		return false, err
	} else if why != "" {
		if err := l.renew(ctx, why); err != nil {
			return false, err
		}
		if err := l.grow(ctx); err != nil {
			return false, err
		}
	}
	s := l.now()
	last, ok, err := latest(ctx, l.reader(), s.id[:])
	if err != nil {
		return false, err
	}
	if s.size == 0 || ok && s.size <= last.Size+1 {
		return false, nil
	}
	root, err := newTree(ctx, l.db.Read()).root(s.size)
	if err != nil {
		return false, err
	}
	p := Point{s.id[:], s.size, root[:]}
	sign, err := signer(Name(l.o.Server, p.Log), l.o.Key)
	if err != nil {
		return false, err
	}
	signed, err := note.Sign(&note.Note{Text: text(l.o.Server, p, s.previous, l.o.Now())}, sign)
	if err != nil {
		return false, err
	}
	holds, err := l.moved(ctx)
	if err != nil {
		return false, err
	}
	c := &fact.Checkpoint{
		Log: p.Log, Size: p.Size, Root: p.Root, Note: signed,
		Previous: s.previous.Log, PreviousSize: s.previous.Size, PreviousRoot: s.previous.Root, Holds: holds,
	}
	if err := c.Validate(); err != nil {
		return false, fmt.Errorf("prooflog: checkpoint: %w", err)
	}
	refs, err := l.o.Append(ctx, fact.Entry{Kind: fact.KindCheckpoint, Body: c})
	if len(refs) == 0 {
		return false, fmt.Errorf("prooflog: record a checkpoint: %w", err)
	}
	// Where only its second copy is not confirmed, it is recorded all the same.
	return true, l.held(ctx, holds)
}

// moved gives the last fact in effect of each origin of which more is in effect
// than at the checkpoint before.
func (l *Log) moved(ctx context.Context) (holds []fact.Hold, err error) {
	had := map[fact.OriginID]uint64{}
	before, err := l.db.Read().QueryContext(ctx, `SELECT origin, number FROM held`)
	if err != nil {
		return nil, err
	}
	defer before.Close()
	for before.Next() {
		var id []byte
		var n int64
		if err := before.Scan(&id, &n); err != nil {
			return nil, err
		}
		had[fact.OriginID(id)] = uint64(n)
	}
	if err := before.Err(); err != nil {
		return nil, err
	}
	now, err := l.o.Projection.Effects(ctx)
	for _, h := range now {
		if h.Number > had[h.Origin] {
			holds = append(holds, h)
		}
	}
	return holds, err
}

// held notes what a checkpoint named.
func (l *Log) held(ctx context.Context, holds []fact.Hold) error {
	return l.db.Write(ctx, func(tx *sqlite.Tx) error {
		for _, h := range holds {
			if _, err := tx.Conn.ExecContext(ctx, `INSERT INTO held(origin, number) VALUES (?,?) ON CONFLICT(origin) DO UPDATE SET number = excluded.number`, h.Origin[:], int64(h.Number)); err != nil {
				return err
			}
		}
		return nil
	})
}

const checkpointColumns = `SELECT c.log, c.size, c.root, c.note, c.at, o.id, c.fact & 1099511627775 FROM checkpoint c JOIN origin o ON o.oid = c.fact >> 40 `

func scanCheckpoint(scan func(...any) error) (c Checkpoint, err error) {
	var size, at, number int64
	var note, origin []byte
	if err = scan(&c.Log, &size, &c.Root, &note, &at, &origin, &number); err != nil {
		return c, err
	}
	c.Size, c.Note, c.At, c.Origin, c.Number = uint64(size), string(note), time.UnixMilli(at), fact.OriginID(origin), uint64(number)
	return c, nil
}

func one(row *sql.Row) (c Checkpoint, ok bool, err error) {
	c, err = scanCheckpoint(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	return c, err == nil, err
}

// latest gives the largest checkpoint of a log that the projection knows.
func latest(ctx context.Context, projection querier, log []byte) (Checkpoint, bool, error) {
	return one(projection.QueryRowContext(ctx, checkpointColumns+`WHERE c.log = ? ORDER BY c.size DESC, c.fact DESC LIMIT 1`, log))
}

// latestOf gives the last checkpoint of the origins of a key.
func latestOf(ctx context.Context, projection querier, public []byte) (Checkpoint, bool, error) {
	return one(projection.QueryRowContext(ctx, checkpointColumns+`WHERE o.public = ? ORDER BY c.at DESC, c.size DESC LIMIT 1`, public))
}

// At gives the last checkpoint, of any server, that was in effect where a
// closing was made: a function of the facts, so that a report of it is the same
// for ever.
func At(ctx context.Context, projection *sql.DB, holds []fact.Hold) (best Checkpoint, ok bool, err error) {
	upTo := map[fact.OriginID]uint64{}
	for _, h := range holds {
		upTo[h.Origin] = h.Number
	}
	rows, err := projection.QueryContext(ctx, checkpointColumns+`ORDER BY c.at DESC, o.id DESC, c.fact DESC`)
	if err != nil {
		return best, false, err
	}
	defer rows.Close()
	for rows.Next() {
		c, err := scanCheckpoint(rows.Scan)
		if err != nil {
			return best, false, err
		}
		if c.Number <= upTo[c.Origin] {
			return c, true, nil
		}
	}
	return best, false, rows.Err()
}
