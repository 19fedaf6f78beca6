package signin

import (
	"sync"
	"time"
)

// refusalsAnHour bounds how many failed attempts are noted: who guesses all day
// must not fill the disk.
const refusalsAnHour = 1000

// budget counts by the hour.
type budget struct {
	now  func() time.Time
	mu   sync.Mutex
	hour time.Time
	used int
}

// take says whether there is one left in this hour.
func (b *budget) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if hour := b.now().Truncate(time.Hour); !hour.Equal(b.hour) {
		b.hour, b.used = hour, 0
	}
	b.used++
	return b.used <= refusalsAnHour
}
