package uplink_test

import (
	"context"
	"testing"
	"time"
)

// BenchmarkDrain sends a backlog of a million facts from an outbox on disk
// until the stream has acked all; its figure is facts/s.
func BenchmarkDrain(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		k := w.kiosk()
		k.open()
		ref := k.add(0, n, 4000)
		b.StartTimer()
		start := time.Now()
		k.start()
		if err := k.up.WaitPublished(context.Background(), ref); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(n/time.Since(start).Seconds(), "facts/s")
		b.StopTimer()
		if st, m := k.status(), streamOf(b, k.bus); st.Facts != n+1 || m.Last != st.Messages {
			b.Fatalf("%d facts in %d messages; the stream has %d", st.Facts, st.Messages, m.Last)
		}
		k.shut()
		b.StartTimer()
	}
}
