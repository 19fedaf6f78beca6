// Package kiosk starts the real device: units, a browser in full screen, and the
// settings of both. It holds their tests alone; nothing here is Go.
package kiosk
