package export

import (
	"io"

	"github.com/parquet-go/parquet-go"
)

// rowsTogether is how many rows are held in memory before they are written.
const (
	rowsTogether = 50_000
	batch        = 256
)

// parquetSink writes Apache Parquet. What was merged is null.
type parquetSink struct {
	w         *parquet.GenericWriter[any]
	at        map[string]int // place of each column
	questions map[string]int
	rows      []parquet.Row
	n         int
	known     map[string]parquet.Value // texts that come again
}

// NewParquet writes rows as Parquet, with a column for each of these questions.
func NewParquet(to io.Writer, questions []string) Sink {
	text := func() parquet.Node { return parquet.Encoded(parquet.String(), &parquet.RLEDictionary) }
	small := func() parquet.Node { return parquet.Encoded(parquet.Int(8), &parquet.Plain) }
	g := parquet.Group{
		"month": parquet.Date(), "day": parquet.Optional(parquet.Date()), "unit": text(), "desk": parquet.Optional(text()),
		"service": text(), "field": parquet.Optional(text()), "procedure": parquet.Optional(text()), "step": parquet.Optional(text()),
		"channel": parquet.Optional(text()), "binding": parquet.Optional(text()), "changed": parquet.Optional(parquet.Leaf(parquet.BooleanType)),
		"score": small(), "reasons": text(),
	}
	for _, q := range questions {
		g["q:"+q] = parquet.Optional(small())
	}
	schema := parquet.NewSchema("ballot", g)
	s := &parquetSink{at: map[string]int{}, questions: map[string]int{}, known: map[string]parquet.Value{}}
	for i, path := range schema.Columns() {
		s.at[path[0]] = i
	}
	for _, q := range questions {
		s.questions[q] = s.at["q:"+q]
	}
	s.w = parquet.NewGenericWriter[any](to, schema, parquet.MaxRowsPerRowGroup(rowsTogether), parquet.Compression(&parquet.Zstd),
		parquet.CreatedBy("hailong", "1", ""))
	s.rows = make([]parquet.Row, batch)
	for i := range s.rows {
		s.rows[i] = make(parquet.Row, len(s.at))
	}
	return s
}

// text gives the value of a text; each is kept once.
func (s *parquetSink) text(t string) parquet.Value {
	v, ok := s.known[t]
	if !ok {
		v = parquet.ByteArrayValue([]byte(t))
		if len(s.known) < 1<<16 {
			s.known[t] = v
		}
	}
	return v
}

func (s *parquetSink) Row(r *Row) error {
	row := s.rows[s.n]
	for i := range row {
		row[i] = parquet.NullValue().Level(0, 0, i)
	}
	put := func(column string, v parquet.Value) {
		i := s.at[column]
		row[i] = v.Level(0, 0, i)
	}
	known := func(column string, v parquet.Value) { // of those that may be null
		i := s.at[column]
		row[i] = v.Level(0, 1, i)
	}
	put("month", parquet.Int32Value(int32(r.Month)))
	put("unit", s.text(r.Unit))
	put("service", s.text(r.Service.String()))
	put("score", parquet.Int32Value(int32(r.Score)))
	put("reasons", s.text(r.Reasons))
	if r.Day != nil {
		known("day", parquet.Int32Value(int32(*r.Day)))
	}
	for column, t := range map[string]*string{"desk": r.Desk, "field": r.Field, "procedure": r.Procedure} {
		if t != nil {
			known(column, s.text(*t))
		}
	}
	if r.Step != nil {
		known("step", s.text(r.Step.String()))
	}
	if r.Channel != 0 {
		known("channel", s.text(r.Channel.String()))
	}
	if r.Binding != 0 {
		known("binding", s.text(r.Binding.String()))
	}
	if r.Changed != nil {
		known("changed", parquet.BooleanValue(*r.Changed))
	}
	if r.Answers != "" {
		for q, score := range Answered(r.Answers) {
			if i, ok := s.questions[q]; ok {
				row[i] = parquet.Int32Value(int32(score)).Level(0, 1, i)
			}
		}
	}
	if s.n++; s.n < batch {
		return nil
	}
	return s.flush()
}

func (s *parquetSink) flush() error {
	_, err := s.w.WriteRows(s.rows[:s.n])
	s.n = 0
	return err
}

// Close writes what is left, and the file's foot.
func (s *parquetSink) Close() error {
	if err := s.flush(); err != nil {
		return err
	}
	return s.w.Close()
}
