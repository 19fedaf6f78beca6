// Command hailong-server is the central server of Hài Lòng: it takes in the
// facts of kiosks and its own, computes the index, and shows it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

type cli struct {
	LogLevel slog.Level `help:"debug, info, warn or error." default:"info" env:"HAILONG_LOG_LEVEL"`

	Serve      serveCmd      `cmd:"" help:"Run the server."`
	Demo       demoCmd       `cmd:"" help:"Add two years of made-up history, marked as sample."`
	Closing    closingCmd    `cmd:"" help:"List the closed months, or check what they published."`
	Digest     digestCmd     `cmd:"" help:"Print the digest of a server's results: the same on all servers that hold the same facts."`
	Verify     verifyCmd     `cmd:"" help:"Verify all that a server keeps: chains, signatures, the log, results, closed months, the stream."`
	Keys       keysCmd       `cmd:"" help:"Rotate the keys under which what people write is kept."`
	NatsConfig natsConfigCmd `cmd:"" name:"nats-config" help:"Print the configuration of external NATS servers: whom they trust, and who may do what."`
	operatorCommands
}

func main() {
	// What is alive is little beside what a backlog passes through: fewer
	// collections for some memory.
	debug.SetGCPercent(300)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run gives the exit code: 0 done, 1 failed, 2 wrong words.
func run(ctx context.Context, args []string) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("hailong-server"), kong.Description("The central server of Hài Lòng."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		panic(err) // the words above are wrong
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hailong-server:", err)
		return 2
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel})))
	if err := k.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "hailong-server:", err)
		return 1
	}
	return 0
}
