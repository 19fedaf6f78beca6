package natsauth

import (
	"fmt"
	"strings"
)

// Config is the configuration of the NATS servers of an external cluster, which
// is the same for all of them but for what its comments name. It holds no
// secret: the JWTs are signed, and none of the keys is in it.
func (r *Realm) Config() (string, error) {
	operator, err := r.Operator()
	if err != nil {
		return "", err
	}
	// Whom to shut out the servers tell: see Keeper.
	a, err := r.Accounts(nil)
	if err != nil {
		return "", err
	}
	var preload strings.Builder
	for _, account := range []Account{a.System, a.Servers, a.Devices} {
		fmt.Fprintf(&preload, "  %s: %s\n", account.ID, account.JWT)
	}
	return fmt.Sprintf(config, operator, a.System.ID, preload.String()), nil
}

const config = `# NATS for Hài Lòng, written by: hailong-server nats-config
# Every NATS server of the cluster gets this file, with a name of its own.

# server_name: nats-1
listen: 0.0.0.0:4222
max_payload: 8MB

# Nobody connects without a credential that an account of this operator signed.
operator: %s
system_account: %s
resolver {
  type: full
  dir: "./accounts"
  allow_delete: false
  interval: "2m"
}
# What the servers of Hài Lòng tell later, such as which kiosks are shut out, is
# in the folder above, and stands before these.
resolver_preload {
%s}

jetstream {
  store_dir: "./jetstream"
  # A message is on the disk before it is acknowledged.
  sync_interval: always
}

# Kiosks and servers come over TLS; give the authority to hailong-server by
# --nats-ca, which hands it on to the kiosks that it lets in.
# tls {
#   cert_file: "/etc/nats/server.pem"
#   key_file:  "/etc/nats/server.key"
#   min_version: "1.2"
# }

# Three servers, and hailong-server with --replicas=3.
# cluster {
#   name: hailong
#   listen: 0.0.0.0:6222
#   routes: [ nats-route://nats-1:6222, nats-route://nats-2:6222, nats-route://nats-3:6222 ]
#   tls { cert_file: "/etc/nats/server.pem", key_file: "/etc/nats/server.key", ca_file: "/etc/nats/ca.pem", verify: true }
# }
`
