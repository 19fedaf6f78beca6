package kiosk

import (
	"sync"
	"time"

	"hailong/internal/capture"
)

const (
	// sittingTime is how long the faces wait for a tap on a page without script.
	sittingTime = 2 * time.Minute
	// changeTime is how long after a tap another one is still the same person's.
	changeTime = 5 * time.Second
	// onceTime is how long a start form's mark is remembered after its use.
	onceTime = time.Hour
	// maxSittings bounds what is remembered, whoever posts.
	maxSittings = 1000
)

// sittings holds what a page without script is about, by a random token, so
// that no page holds the code: with script, only the page's memory does.
type sittings struct {
	now func() time.Time

	mu   sync.Mutex
	open map[string]*sitting
	used map[string]time.Time // start forms that were sent, with when to forget them
}

type sitting struct {
	subject capture.Subject
	session capture.Session
	shown   time.Time
	ends    time.Time
	tapped  bool
}

func newSittings(now func() time.Time) *sittings {
	return &sittings{now: now, open: map[string]*sitting{}, used: map[string]time.Time{}}
}

// spend marks a start form as sent; false where it was before. So the back
// button can't send the last person's code again.
func (s *sittings) spend(mark string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for m, until := range s.used {
		if now.After(until) || len(s.used) >= maxSittings {
			delete(s.used, m)
		}
	}
	if _, was := s.used[mark]; was || mark == "" {
		return false
	}
	s.used[mark] = now.Add(onceTime)
	return true
}

// begin keeps a subject, and gives its token.
func (s *sittings) begin(subject capture.Subject) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for t, old := range s.open {
		if now.After(old.ends) || len(s.open) >= maxSittings {
			delete(s.open, t)
		}
	}
	token := capture.NewSession().String()
	s.open[token] = &sitting{subject: subject, session: capture.NewSession(), shown: now, ends: now.Add(sittingTime)}
	return token
}

// take gives the sitting of a token while it lasts. A tap ends it soon: a
// second, quick one is still of the same ballot, the next person's is not.
func (s *sittings) take(token string) (sitting, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	found := s.open[token]
	if found == nil || now.After(found.ends) {
		return sitting{}, false
	}
	if !found.tapped {
		found.tapped, found.ends = true, now.Add(changeTime)
	}
	return *found, true
}
