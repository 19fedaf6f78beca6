// Command hailong-kiosk is the kiosk on the counter: it records ratings on its
// own disk, shows thanks, and sends them to the server when it can.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type cli struct {
	LogLevel slog.Level `help:"debug, info, warn or error." default:"info" env:"HAILONG_LOG_LEVEL"`

	Serve serveCmd `cmd:"" default:"withargs" help:"Run the kiosk."`
	Enrol enrolCmd `cmd:"" help:"Have this kiosk let in by a server: by a code, or, once its key was admitted, without."`
	Key   keyCmd   `cmd:"" help:"Print the kiosk's public key, which an administrator admits."`
	Pin   pinCmd   `cmd:"" help:"Print the PIN of the corner of the screen that is for staff."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run gives the exit code: 0 done, 1 failed, 2 wrong words.
func run(ctx context.Context, args []string) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("hailong-kiosk"), kong.Description("The kiosk of Hài Lòng."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		panic(err) // the words above are wrong
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hailong-kiosk:", err)
		return 2
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel})))
	if err := k.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "hailong-kiosk:", err)
		return 1
	}
	return 0
}
