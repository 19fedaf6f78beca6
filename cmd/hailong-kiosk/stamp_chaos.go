//go:build chaos

package main

import (
	"crypto/sha256"
	"os"
	"strconv"
	"time"

	"hailong/internal/fact"
	"hailong/internal/outbox"
)

var started = time.Now()

// stamp is what time it is on a device of the chaos test: its wall clock is off
// by CHAOS_WALL milliseconds, and CHAOS_BOOT makes this process a boot of its own.
func stamp() fact.Stamp {
	s := outbox.SystemStamp()
	if off, err := strconv.ParseInt(os.Getenv("CHAOS_WALL"), 10, 64); err == nil {
		s.Wall += off
	}
	if boot := os.Getenv("CHAOS_BOOT"); boot != "" {
		h := sha256.Sum256([]byte(boot))
		copy(s.Boot[:], h[:])
		s.Mono = time.Since(started).Milliseconds()
	}
	return s
}
