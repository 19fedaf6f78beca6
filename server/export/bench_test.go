package export

import (
	"io"
	"slices"
	"testing"
)

// Benchmarks print rows/s of a file of a month of 50 units.
func bench(b *testing.B, sink func(io.Writer) Sink) {
	var gs []*Group
	for u := range 50 {
		gs = append(gs, group(string(rune('A'+u)), uint64(u), 833))
	}
	file := monthFile(b, gs...)
	rows := 0
	for b.Loop() {
		s := sink(io.Discard)
		if err := readMonth(file, func(r *Row) error { rows++; return s.Row(r) }); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(len(file))/50/833, "bytes/row")
}

func BenchmarkCSV(b *testing.B) {
	bench(b, func(w io.Writer) Sink { return NewCSV(w, asked) })
}

func BenchmarkParquet(b *testing.B) {
	bench(b, func(w io.Writer) Sink { return NewParquet(w, asked) })
}

func BenchmarkWriteMonth(b *testing.B) {
	rows := 0
	for b.Loop() {
		b.StopTimer()
		var gs []*Group
		for u := range 20 {
			gs = append(gs, group(string(rune('A'+u)), uint64(u), 833))
		}
		b.StartTimer()
		n, err := WriteMonth(io.Discard, Head{october, "", asked}, slices.Values(gs))
		if err != nil {
			b.Fatal(err)
		}
		rows += int(n)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
