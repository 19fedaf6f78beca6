package httpx

import (
	"bytes"

	"github.com/gofiber/fiber/v2"
)

// ambiguous says whether a request states the length of its body in two ways, or
// in one that fasthttp takes for chunks and others may not. A proxy before us
// could see the request end elsewhere than we do, and its rest would be taken for
// the next person's. Only the head as it came tells: fasthttp keeps one length.
func ambiguous(c *fiber.Ctx) bool {
	lengths, encodings := 0, 0
	for line := range bytes.Lines(c.Request().Header.RawHeaders()) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte(fiber.HeaderContentLength)):
			lengths++
		case bytes.EqualFold(name, []byte(fiber.HeaderTransferEncoding)):
			if encodings++; !bytes.EqualFold(bytes.Trim(value, " \t\r\n"), []byte("chunked")) {
				return true
			}
		}
	}
	return lengths+encodings > 1
}
