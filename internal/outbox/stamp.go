package outbox

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hailong/internal/fact"
)

// boot is the kernel's id of this boot. Where it cannot be had, this process is
// taken for a boot of its own, which then needs a clock fact of its own.
var boot = sync.OnceValue(func() (id [16]byte) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err == nil {
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))
		if err == nil && len(b) == len(id) {
			return [16]byte(b)
		}
	}
	rand.Read(id[:])
	return id
})

// SystemStamp reads the device's clocks: the wall clock, the id of this boot and
// the time since it, suspension included.
func SystemStamp() fact.Stamp {
	var t unix.Timespec
	// It cannot fail with these arguments on any Linux since 2.6.39.
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return fact.Stamp{Wall: time.Now().UnixMilli(), Boot: boot(), Mono: t.Nano() / int64(time.Millisecond)}
}
