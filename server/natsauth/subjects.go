package natsauth

import (
	"strings"

	"github.com/nats-io/jwt/v2"
)

// What the servers' account exports to the devices'. What package bus names
// otherwise stays among the servers.
var (
	// Asked, or sent, by devices.
	services = []string{
		"hl.fact.*.*", "hl.words.*.*",
		"$JS.API.DIRECT.GET.HAILONG_FACTS.hl.fact.*.*", // the last own message
		"hl.own.*.*", "hl.stream.*",
		"hl.ask.*.*", "hl.config.*", "hl.time", "hl.hash.*.*", "hl.held.*.*",
	}
	// Told to devices.
	streams = []string{"hl.mark.*.*", "hl.want", "hl.gone"}
)

// What one device may do, KEY being its public key in hexadecimal digits.
var (
	publishes = []string{
		"hl.fact.KEY.*", "hl.words.KEY.*",
		"$JS.API.DIRECT.GET.HAILONG_FACTS.hl.fact.KEY.*",
		"hl.own.KEY.*", "hl.stream.KEY",
		"hl.ask.KEY.*", "hl.config.KEY", "hl.time", "hl.hash.*.KEY", "hl.held.*.KEY",
	}
	subscribes = []string{"_I.KEY.>", "hl.mark.KEY.*", "hl.want", "hl.gone"}
)

func own(subjects []string, key string) (l jwt.StringList) {
	for _, s := range subjects {
		l.Add(strings.ReplaceAll(s, "KEY", key))
	}
	return l
}
