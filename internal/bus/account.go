package bus

import (
	"context"
	"encoding/json"
	"fmt"
)

// updateSubject is where a cluster takes the JWTs of accounts, from users of
// NATS' own account.
const updateSubject = "$SYS.REQ.CLAIMS.UPDATE"

// UpdateAccount gives a cluster the new JWT of an account; who is let in no more
// is cut off. ErrNoServer where the broker takes none, as one inside another
// server does.
func (b *Bus) UpdateAccount(ctx context.Context, token string) error {
	m, err := b.ask(ctx, updateSubject, []byte(token))
	if err != nil {
		return fmt.Errorf("bus: account: %w", err)
	}
	var answer struct {
		Error *struct{ Description string }
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return fmt.Errorf("bus: account: %w", err)
	}
	if answer.Error != nil {
		return fmt.Errorf("bus: account: refused by NATS: %s", answer.Error.Description)
	}
	return nil
}
