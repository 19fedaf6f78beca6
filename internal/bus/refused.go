package bus

import (
	"errors"

	"github.com/nats-io/nats.go"
)

// Refused says whether a broker let nobody in with the credential that it was
// shown: another may be needed.
func Refused(err error) bool {
	for _, why := range []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired} {
		if errors.Is(err, why) {
			return true
		}
	}
	return false
}
