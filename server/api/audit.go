package api

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/server/audit"
)

// AuditLog has the acts of all servers; audit.Log is one.
type AuditLog interface {
	Find(ctx context.Context, f audit.Filter, most int) (audit.Page, error)
}

// Acts is a part of the audit log, the newest first.
type Acts struct {
	Acts []Act  `json:"acts"`
	Next string `json:"next,omitempty" doc:"the parameter after that gives the acts before these; none: that was all"`
	// A search by text stops after so many acts.
	Until *time.Time `json:"searched_until,omitempty" doc:"how far back a search by text has come; more may be before that: ask with next"`
}

// Act is one thing that somebody did.
type Act struct {
	At      time.Time   `json:"at" doc:"by the clock of the server that recorded it"`
	Action  string      `json:"action" doc:"such as unit.change"`
	Subject string      `json:"subject,omitempty" doc:"code or id of what it is about"`
	Account string      `json:"account,omitempty" doc:"id; none: nobody's"`
	Via     string      `json:"via" enum:"page,program,command,server"`
	State   string      `json:"details" enum:"here,waiting,erased" doc:"whether name, address, note and changes are on this server"`
	Name    string      `json:"name,omitempty" doc:"who it was, as they were called then"`
	From    string      `json:"from,omitempty" doc:"address of the network"`
	Note    string      `json:"note,omitempty"`
	Changes []ActChange `json:"changes,omitempty"`
	More    int         `json:"more,omitempty" doc:"changes that found no room"`
	Origin  string      `json:"origin" doc:"id of the chain of facts in which it stands"`
	Number  uint64      `json:"number" doc:"in that chain"`
	Hash    string      `json:"hash" doc:"SHA-256 of the fact"`
}

// ActChange is one thing before and after.
type ActChange struct {
	Kind   string            `json:"kind,omitempty" doc:"such as unit"`
	Thing  string            `json:"thing,omitempty" doc:"code or id"`
	Before map[string]string `json:"before,omitempty" doc:"fields by name; none: it was not there"`
	After  map[string]string `json:"after,omitempty"`
}

// RegisterAudit adds the audit log for programs of inspectors.
func RegisterAudit(app fiber.Router, log AuditLog) {
	app.Get("/api/v1/audit", func(c *fiber.Ctx) error {
		q, err := httpx.Query(c, "q", "action", "account", "from", "to", "after")
		if err != nil {
			return err
		}
		f, err := audit.ParseFilter(q)
		if err != nil {
			return err
		}
		found, err := log.Find(c.UserContext(), f, audit.OnPage)
		if err != nil {
			return err
		}
		out := Acts{Acts: make([]Act, len(found.Entries)), Next: found.Next.String()}
		if !found.Until.IsZero() {
			out.Until = &found.Until
		}
		for i := range found.Entries {
			out.Acts[i] = actJSON(&found.Entries[i])
		}
		return secret(c, out)
	})
}

func actJSON(e *audit.Entry) Act {
	a := Act{
		At: e.At, Action: e.Action, Subject: e.Subject, Via: audit.Way(e.Via), State: string(e.State), Name: e.Detail.Name, From: e.Detail.From,
		Note: e.Detail.Note, More: e.Detail.More, Origin: e.Origin.String(), Number: e.Number, Hash: e.Hash.String(),
	}
	if e.Account != [16]byte{} {
		a.Account = hex.EncodeToString(e.Account[:])
	}
	for _, c := range e.Detail.Changes {
		one := ActChange{Kind: c.Kind, Thing: c.Thing}
		for _, f := range c.Fields() {
			put(&one.Before, f.Name, f.Before)
			put(&one.After, f.Name, f.After)
		}
		a.Changes = append(a.Changes, one)
	}
	return a
}

func put(into *map[string]string, name string, v any) {
	if v == nil {
		return
	}
	if *into == nil {
		*into = map[string]string{}
	}
	(*into)[name] = audit.Plain(v)
}

// auditOperation is that of the audit log.
var auditOperation = operation{
	method: "GET", path: "/api/v1/audit", id: "audit", summary: "The audit log: who changed what, when, and what was there before and after",
	note: "Fifty at a time, the newest first. For auditors, the province and administrators.",
	query: []parameter{
		{name: "q", note: "found in names, subjects and changes, whatever the case and marks", schema: text()},
		{name: "action", note: "such as unit.change", schema: text()},
		{name: "account", note: "id of who acted", schema: text()},
		{name: "from", note: "first day", schema: date()},
		{name: "to", note: "last day", schema: date()},
		{name: "after", note: "next of the part before", schema: text()},
	},
	status: 200, answer: Acts{}, faults: []int{400, 500},
}
