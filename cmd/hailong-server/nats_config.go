package main

import (
	"fmt"
	"os"
	"path/filepath"

	"hailong/server/keyring"
	"hailong/server/natsauth"
)

// natsConfigCmd is `hailong-server nats-config`.
type natsConfigCmd struct{ keyFile }

// Run prints the configuration of the NATS servers outside. All follows from the
// servers' key file, which is made here where no server has started yet.
func (c *natsConfigCmd) Run() error {
	_, err := os.Stat(filepath.Join(c.Data, "server.db"))
	keys, err := keyring.Open(c.path(), os.IsNotExist(err))
	if err != nil {
		return err
	}
	realm, err := natsauth.New(keys)
	if err != nil {
		return err
	}
	text, err := realm.Config()
	if err == nil {
		_, err = fmt.Print(text)
	}
	return err
}
