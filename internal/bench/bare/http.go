package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"
)

func httpProgram(flags *flag.FlagSet) func() error {
	path := flags.String("db", "", "file to make")
	addr := flags.String("addr", "127.0.0.1:0", "where to listen")
	return func() error {
		if *path == "" {
			return errNoFile
		}
		return serve(*path, *addr)
	}
}

// serve answers POST /rating once the rating is on the disk.
func serve(path, addr string) (err error) {
	conn, end, err := openDB(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	s, err := newStore(conn)
	if err != nil {
		return err
	}
	pool := sync.Pool{New: func() any { return &waiting{done: make(chan error, 1)} }}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, BodyLimit: 64 << 10, ReadTimeout: time.Minute})
	app.Get("/readyz", func(c *fiber.Ctx) error { return c.SendString("ready") })
	app.Post("/rating", func(c *fiber.Ctx) error {
		w := pool.Get().(*waiting)
		defer pool.Put(w)
		w.rating = rating{}
		if json.Unmarshal(c.Body(), &w.rating) != nil {
			return c.SendStatus(fiber.StatusBadRequest)
		}
		if n, err := hex.Decode(w.ID[:], []byte(w.Text[:min(len(w.Text), 32)])); err != nil || n != len(w.ID) ||
			w.Score < 1 || w.Score > 5 || w.Unit < 1 {
			return c.SendStatus(fiber.StatusUnprocessableEntity)
		}
		if s.put(w) != nil {
			return c.SendStatus(fiber.StatusServiceUnavailable)
		}
		return c.Status(fiber.StatusCreated).SendString(`{"recorded":true}`)
	})
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	if err := (figures{Addr: listener.Addr().String()}).print(); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener) }()
	select {
	case err := <-served:
		return err
	case <-stop:
	}
	if err := app.ShutdownWithTimeout(time.Second); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return s.close()
}
