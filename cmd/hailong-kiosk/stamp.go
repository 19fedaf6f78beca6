//go:build !chaos

package main

import "hailong/internal/outbox"

// stamp is what time it is on this device.
var stamp = outbox.SystemStamp
