package chaos

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The disk under a kiosk is full: people are told so in one sentence, staff see
// it, nobody is thanked for what was not stored. When there is room again, all
// goes on by itself.
func TestDiskFull(t *testing.T) {
	small := false
	w := newWorld(t, 1, 1, 400, func(t *testing.T, dir string) { small = smallDisk(t, filepath.Join(dir, "K1"), 24) })
	if !small {
		t.Log("NOT TESTED HERE: a full disk.")
		return
	}
	w.whole()
	kiosk, next := w.kiosks[0], 0
	ballot := func() *ballot { next++; return w.pool.issued[next-1] }
	tap := func() attempt {
		b := ballot()
		a := attempt{number: 1, score: 5, device: kiosk.name, sent: time.Now()}
		a.state, a.said, _ = tapKiosk(kiosk.address(), b.id.String(), "", a)
		a.done = time.Now()
		b.attempts = append(b.attempts, a)
		return a
	}
	for range 20 {
		w.tap(kiosk, ballot(), 4)
	}
	w.fillDisk(kiosk)
	// What SQLite's files have room for is still taken.
	var a attempt
	for a = tap(); a.state == thanked && next < 300; {
		a = tap()
	}
	if a.state == thanked {
		t.Fatal("the disk never was full")
	}
	if !strings.Contains(a.said, "507") || !strings.Contains(a.said, "HL5001") || strings.Contains(a.said, "sqlite") {
		t.Errorf("people are told: %s", a.said)
	}
	var s struct {
		StorageError string `json:"storage_error"`
	}
	if err := kiosk.status(&s); err != nil || s.StorageError == "" {
		t.Errorf("staff see nothing: %+v %v", s, err)
	}
	for range 50 {
		if a := tap(); a.state == thanked {
			t.Logf("thanked for at number %d, though the disk was full", next)
		}
	}
	w.halt(kiosk, syscall.SIGKILL)
	// Whether it can start on a full disk or not: nothing is lost.
	if err := kiosk.start(); err != nil {
		t.Logf("on a full disk: %v", err)
	} else if tap().state == refused {
		t.Error("refused, and not for the disk")
	}
	w.empty(kiosk)
	w.up(kiosk)
	if err := await(30*time.Second, func() (bool, string) { a := tap(); return a.state == thanked, a.said }); err != nil {
		t.Fatal(err)
	}
	if err := kiosk.status(&s); err != nil || s.StorageError != "" {
		t.Errorf("staff see a fault of the past: %+v %v", s, err)
	}
	w.report(w.finish(), 1, 0)
}
