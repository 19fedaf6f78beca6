package account

import "slices"

// Of gives the sessions of an account that last, as far as this server knows
// them, the newest first.
func (s *Sessions) Of(account [16]byte) (all []Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, x := range s.known {
		if x.Account == account && x.lasts(now) {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b Session) int { return b.Created.Compare(a.Created) })
	return all
}
