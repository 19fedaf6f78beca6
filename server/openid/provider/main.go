// Command provider is a place of sign-in for tests: the OpenID Provider of
// zitadel/oidc on a port of this machine. It is a module of its own, so that
// nothing of it gets into the product.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

func main() {
	users := flag.String("users", "", "JSON file of its users")
	redirect := flag.String("redirect", "", "address to which it may send people back")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	store, err := storage.StoreFromFile(*users)
	if err != nil {
		log.Fatal(err)
	}
	storage.RegisterClients(storage.WebClient("hailong", "the secret of both", *redirect))
	issuer := "http://" + listener.Addr().String() + "/"
	router := exampleop.SetupServer(issuer, methods{storage.NewStorage(store)}, nil, false)
	fmt.Println(issuer)
	log.Fatal(http.Serve(listener, router))
}

// methods is a storage that tells of some users that they gave a second factor.
type methods struct{ *storage.Storage }

func (m methods) AuthRequestByID(ctx context.Context, id string) (op.AuthRequest, error) {
	r, err := m.Storage.AuthRequestByID(ctx, id)
	return request{r}, err
}

func (m methods) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	r, err := m.Storage.AuthRequestByCode(ctx, code)
	return request{r}, err
}

type request struct{ op.AuthRequest }

func (r request) GetAMR() []string {
	if strings.HasPrefix(r.GetSubject(), "strong-") {
		return []string{"pwd", "otp", "mfa"}
	}
	return r.AuthRequest.GetAMR()
}

func (m methods) CreateAccessToken(ctx context.Context, r op.TokenRequest) (string, time.Time, error) {
	return m.Storage.CreateAccessToken(ctx, inner(r))
}

func (m methods) CreateAccessAndRefreshTokens(ctx context.Context, r op.TokenRequest, refresh string) (string, string, time.Time, error) {
	return m.Storage.CreateAccessAndRefreshTokens(ctx, inner(r), refresh)
}

// inner is the storage's own request.
func inner(r op.TokenRequest) op.TokenRequest {
	if mine, ok := r.(request); ok {
		return mine.AuthRequest
	}
	return r
}
