// Package audit records beside every change who made it, from where, and what
// was there before and after, and shows it to those who may see it.
package audit

import "context"

// Actor is who acts.
type Actor struct {
	Account [16]byte // fact.Account's ID; zero: nobody's account
	Via     uint8    // fact.ViaPage, …
	Name    string   // for people
	From    string   // address of the network, or ""
}

type actorKey struct{}

// With gives a context in which whatever is done is done by the actor.
func With(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// Of gives the actor of a context.
func Of(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}
