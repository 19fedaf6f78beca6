package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"hailong/server/keyring"
	"hailong/server/words"
)

// keysCmd is `hailong-server keys`.
type keysCmd struct {
	Status keysStatusCmd `cmd:"" help:"Say which keys there are, and how many words lie under each on this server."`
	Rotate keysRotateCmd `cmd:"" help:"Add new keys to the servers' key file: for what kiosks seal, and for the words on this server's disk."`
	Prune  keysPruneCmd  `cmd:"" help:"Remove older keys for the words on this server's disk: old backups of them can't be read any more."`
}

// keyFile says where a server's keys and words are.
type keyFile struct {
	Data string `help:"Folder of the server's data." default:"data/server" env:"HAILONG_DATA"`
	Keys string `help:"The servers' shared key file. Default: DATA.keys beside the folder." env:"HAILONG_KEYS"`
}

func (c keyFile) path() string {
	if c.Keys != "" {
		return c.Keys
	}
	return c.Data + ".keys"
}

// under counts this server's words by key. A running server goes on meanwhile.
func (c keyFile) under(ctx context.Context) (ring *keyring.Ring, all []words.UnderKey, err error) {
	if ring, err = keyring.Open(c.path(), false); err != nil {
		return nil, nil, failure{err.Error(), "--keys=FILE, the servers' key file", err}
	}
	path := filepath.Join(c.Data, "words.db")
	if _, err := os.Stat(path); err != nil {
		return nil, nil, failure{"there are no words in " + c.Data, "--data=FOLDER, the data folder of a server that has run with this program", err}
	}
	store, err := words.Open(ctx, path, ring)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	all, err = store.Keys(ctx)
	return ring, all, err
}

func lying(all []words.UnderKey, key string) int64 {
	for _, k := range all {
		if k.Key == key {
			return k.Words
		}
	}
	return 0
}

type keysStatusCmd struct{ keyFile }

// Run lists the keys for words, the newest first.
func (c *keysStatusCmd) Run(ctx context.Context, k *kong.Kong) error {
	ring, all, err := c.under(ctx)
	if err != nil {
		return err
	}
	for i, key := range ring.RestKeys() {
		n, note := lying(all, key), "in use"
		switch {
		case i > 0 && n == 0:
			note = "can be removed: hailong-server keys prune"
		case i > 0:
			note = "the server seals them anew after its next start"
		}
		fmt.Fprintf(k.Stdout, "%s  %d words  %s\n", key, n, note)
	}
	for _, u := range all {
		switch {
		case u.Key == "":
			fmt.Fprintf(k.Stdout, "no key    %d words  hailong-server keys rotate makes one\n", u.Words)
		case !u.Known:
			fmt.Fprintf(k.Stdout, "%s  %d words  this key is not in the file: they can't be read, and are fetched again\n", u.Key, u.Words)
		}
	}
	return nil
}

type keysRotateCmd struct {
	keyFile
	In time.Duration `help:"When kiosks begin to seal to the new key: until then every server must have the file and have been restarted. 0s with one server." default:"24h"`
}

// Run adds keys. The server has them after its next start.
func (c *keysRotateCmd) Run(k *kong.Kong) error {
	if c.In < 0 {
		return failure{"--in=" + c.In.String() + " lies in the past", "--in=24h", nil}
	}
	from := time.Now().Add(c.In)
	ring, err := keyring.Rotate(c.path(), from)
	if err != nil {
		return failure{err.Error(), "--keys=FILE, the servers' key file", err}
	}
	fmt.Fprintf(k.Stdout, "%s has a new key for kiosks, from %s on, and a new one for words on the disk (%s).\n", c.path(), from.Format(time.DateTime), ring.RestKeys()[0])
	fmt.Fprintln(k.Stdout, "Now: copy the file to every other server and to where you keep it apart from backups, and restart every server before that time.")
	fmt.Fprintln(k.Stdout, "Later: hailong-server keys status says when the older key for words can be removed.")
	return nil
}

type keysPruneCmd struct{ keyFile }

// Run removes the keys under which nothing lies here any more.
func (c *keysPruneCmd) Run(ctx context.Context, k *kong.Kong) error {
	ring, all, err := c.under(ctx)
	if err != nil {
		return err
	}
	names := ring.RestKeys()
	if len(names) > 0 {
		names = names[1:]
	}
	old := slices.DeleteFunc(slices.Clone(names), func(key string) bool { return lying(all, key) > 0 })
	if len(old) == 0 {
		why := "there is no older key"
		if len(names) > 0 {
			why = "words still lie under the older keys"
		}
		return failure{"nothing to remove: " + why, "restart the server, which seals them anew, then: hailong-server keys status", nil}
	}
	if err := keyring.Prune(c.path(), old); err != nil {
		return err
	}
	fmt.Fprintf(k.Stdout, "Removed: %v. Copies of words.db from before can't be read any more; remove the keys from copies of %s too.\n", old, c.path())
	return nil
}
