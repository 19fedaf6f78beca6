package broker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
)

// trust reads whom the broker is to trust, and whom it serves.
func (o Options) trust() (*jwt.OperatorClaims, *server.MemAccResolver, error) {
	operator, err := jwt.DecodeOperatorClaims(o.Operator)
	if err != nil {
		return nil, nil, fmt.Errorf("broker: the operator's JWT: %w", err)
	}
	accounts := &server.MemAccResolver{}
	for id, token := range o.Accounts {
		if err := accounts.Store(id, token); err != nil {
			return nil, nil, fmt.Errorf("broker: %w", err)
		}
	}
	return operator, accounts, nil
}

// UpdateAccount takes the new JWT of an account that the broker serves. Who is
// let in no more is cut off before it returns.
func (b *Broker) UpdateAccount(token string) error {
	claims, err := jwt.DecodeAccountClaims(token)
	if err != nil {
		return fmt.Errorf("broker: an account's JWT: %w", err)
	}
	account, err := b.server.LookupAccount(claims.Subject)
	if err != nil {
		return fmt.Errorf("broker: account %s: %w", claims.Subject, err)
	}
	if err := b.accounts.Store(claims.Subject, token); err != nil {
		return fmt.Errorf("broker: account %s: %w", claims.Subject, err)
	}
	b.server.UpdateAccountClaims(account, claims)
	return nil
}

// adopt moves the streams of a version before accounts, which are in the folder
// of NATS' global account, to those of the account.
func adopt(dir, account string) error {
	if account == "" {
		return nil
	}
	store := filepath.Join(dir, server.JetStreamStoreDir)
	from, to := filepath.Join(store, "$G"), filepath.Join(store, account)
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("broker: the streams of an earlier version: %w", err)
	}
	return nil
}
