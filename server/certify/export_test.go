package certify

// Renew does what Run does each hour.
func Renew(s *Source) error { return s.renew() }
