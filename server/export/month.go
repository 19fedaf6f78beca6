package export

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"hailong/internal/survey"
)

// Group is the ballots of one unit and kind of service in a month, before they
// are merged. Names are what the columns Desk, Field and Procedure number; the
// others are numbered as they are: survey.Day and so on, Changed 0 or 1.
type Group struct {
	Unit    string
	Service survey.Service
	Names   [Columns][]string
	Ballots []Ballot
}

// A month's file is zstd over lines: the month; for each unit and kind of
// service a line of both, then one for each ballot, with what groups have in
// common left out.
const (
	fileVersion = "hailong export 1"
	mergedMark  = "\x7f" // plain leaves none of them in a text
)

// Head is what a month's file says of itself.
type Head struct {
	Period    survey.Period
	Closing   string   // names the closing that the rows are of
	Questions []string // codes that may be answered, sorted
}

// WriteMonth merges the groups and writes a month's file. It gives the number of
// rows.
func WriteMonth(to io.Writer, head Head, groups iter.Seq[*Group]) (rows int64, err error) {
	z, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriterSize(z, 64<<10)
	fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", fileVersion, head.Period.From, head.Period.To, head.Closing, strings.Join(head.Questions, ";"))
	var line []byte
	for g := range groups {
		ends := Merge(g.Ballots)
		if ends == nil {
			continue
		}
		fmt.Fprintf(w, "=%s\t%d\n", plain(g.Unit), g.Service)
		for c := range g.Names {
			for i, name := range g.Names[c] {
				g.Names[c][i] = plain(name)
			}
		}
		for i := range g.Ballots {
			line = g.append(line[:0], &g.Ballots[i])
			if _, err := w.Write(line); err != nil {
				return rows, errors.Join(err, z.Close())
			}
			rows++
		}
	}
	return rows, errors.Join(w.Flush(), z.Close())
}

func (g *Group) append(line []byte, b *Ballot) []byte {
	line = strconv.AppendInt(line, int64(b.Score), 10)
	for c, v := range b.Known {
		line = append(line, '\t')
		switch {
		case v == Other:
			line = append(line, mergedMark...)
		case g.Names[c] != nil:
			line = append(line, g.Names[c][v]...)
		default:
			line = strconv.AppendInt(line, int64(v), 10)
		}
	}
	if b.Said != "" {
		line = append(append(line, '\t'), b.Said...)
	}
	return append(line, '\n')
}

// Month is a month's file that is being read.
type Month struct {
	Head
	lines  *bufio.Reader
	z      *zstd.Decoder
	reader reader
}

// OpenMonth reads the head of a month's file. The month is to be closed; the file
// is its caller's.
func OpenMonth(from io.Reader) (*Month, error) {
	z, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, err
	}
	m := &Month{lines: bufio.NewReaderSize(z, 64<<10), z: z, reader: reader{texts: map[string]*string{}}}
	head, err := m.lines.ReadString('\n')
	if err != nil {
		z.Close()
		return nil, fmt.Errorf("export: a month's file: %w", unexpected(err))
	}
	parts := strings.Split(strings.TrimSuffix(head, "\n"), "\t")
	if len(parts) != 5 || parts[0] != fileVersion {
		z.Close()
		return nil, fmt.Errorf("export: %.40q is no month's file of this program", head)
	}
	first, ferr := strconv.ParseInt(parts[1], 10, 32)
	last, lerr := strconv.ParseInt(parts[2], 10, 32)
	if err := errors.Join(ferr, lerr); err != nil {
		z.Close()
		return nil, fmt.Errorf("export: a month's file: %w", err)
	}
	m.Period = survey.Period{From: survey.Day(first), To: survey.Day(last)}
	m.Closing = parts[3]
	if parts[4] != "" {
		m.Questions = strings.Split(parts[4], ";")
	}
	m.reader.row.Month = m.Period.From
	return m, nil
}

// Close gives back what reading took.
func (m *Month) Close() { m.z.Close() }

// Rows calls each with every row, in the file's order. The row is good until the
// next call.
func (m *Month) Rows(each func(*Row) error) error {
	r, lines := &m.reader, m.lines
	var long []byte // a line that did not fit
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, line...)
			continue
		}
		if err == io.EOF && len(line)+len(long) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("export: a month's file: %w", unexpected(err))
		}
		if long != nil {
			line = append(long, line...)
			long = nil
		}
		isRow, err := r.read(line[:len(line)-1])
		if err == nil && isRow {
			err = each(&r.row)
		}
		if err != nil {
			return err
		}
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// reader keeps the texts that come again and again.
type reader struct {
	row     Row
	texts   map[string]*string
	days    [40]survey.Day // of the month, by their distance from its first
	steps   [8]survey.Step
	changed [2]bool
}

func (r *reader) text(b []byte) *string {
	if s, ok := r.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	r.texts[s] = &s
	return &s
}

// read reads one line; false for the line of a group.
func (r *reader) read(line []byte) (bool, error) {
	bad := func() (bool, error) { return false, fmt.Errorf("export: a line of a month's file: %.80q", line) }
	if len(line) == 0 {
		return bad()
	}
	if line[0] == '=' {
		unit, service, ok := bytes.Cut(line[1:], []byte("\t"))
		if !ok || len(service) != 1 {
			return bad()
		}
		r.row.Unit, r.row.Service = *r.text(unit), survey.Service(service[0]-'0')
		return false, nil
	}
	var parts [1 + Columns + 2][]byte
	n := 0
	for rest, more := line, true; more; n++ {
		if n == len(parts) {
			return bad()
		}
		parts[n], rest, more = bytes.Cut(rest, []byte("\t"))
	}
	if n < 1+Columns || len(parts[0]) != 1 {
		return bad()
	}
	row := &r.row
	row.Score = survey.Score(parts[0][0] - '0')
	known := parts[1:]
	small := func(c Column) (v int, merged, ok bool) {
		if string(known[c]) == mergedMark {
			return 0, true, true
		}
		v, err := strconv.Atoi(string(known[c]))
		return v, false, err == nil && v >= 0 && (v < 8 || c == Day)
	}
	name := func(c Column) *string {
		if string(known[c]) == mergedMark {
			return nil
		}
		return r.text(known[c])
	}
	row.Desk, row.Field, row.Procedure = name(Desk), name(Field), name(Procedure)
	row.Day, row.Step, row.Changed = nil, nil, nil
	for _, c := range []Column{Day, Channel, Step, Binding, Changed} {
		v, merged, ok := small(c)
		if !ok {
			return bad()
		}
		switch c {
		case Day:
			if at := v - int(row.Month); !merged {
				if at += before; at < 0 || at >= len(r.days) {
					d := survey.Day(v)
					row.Day = &d
				} else {
					r.days[at] = survey.Day(v)
					row.Day = &r.days[at]
				}
			}
		case Channel:
			row.Channel = survey.Channel(v)
		case Binding:
			row.Binding = survey.Binding(v)
		case Step:
			if !merged {
				r.steps[v] = survey.Step(v)
				row.Step = &r.steps[v]
			}
		case Changed:
			if !merged {
				r.changed[v&1] = v&1 == 1
				row.Changed = &r.changed[v&1]
			}
		}
	}
	row.Answers, row.Reasons = "", ""
	if parts[1+Columns] != nil {
		row.Answers = *r.text(parts[1+Columns])
	}
	if parts[1+Columns+1] != nil {
		row.Reasons = *r.text(parts[1+Columns+1])
	}
	return true, nil
}

// before is how many days before a month's first its ballots usually lie: a
// block may begin in the month before.
const before = 5
