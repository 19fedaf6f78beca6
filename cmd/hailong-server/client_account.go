package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/api"
)

type accountCmd struct {
	Create accountCreateCmd `cmd:"" help:"Make an account, and print the one-time link by which its owner sets a password."`
	List   accountListCmd   `cmd:"" help:"List the accounts of people."`
	Off    accountOffCmd    `cmd:"" help:"Let an account let nobody in, and end its sessions."`
	Link   accountLinkCmd   `cmd:"" help:"Print another one-time link for an account, and end its sessions."`
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token for the one-stop software of a unit. It is printed this once."`
	Rotate tokenRotateCmd `cmd:"" help:"Give a program another token; the one before is good for a day still."`
	List   tokenListCmd   `cmd:"" help:"List the programs that have tokens, and when they used them last."`
	Off    accountOffCmd  `cmd:"" help:"End a program's tokens, by the id of its account."`
}

type accountCreateCmd struct {
	remote
	Role  string `required:"" enum:"province,unit,desk,contact,auditor,administrator" help:"province, unit, desk, contact, auditor or administrator."`
	Login string `required:"" help:"Sign-in name, without spaces." placeholder:"NAME"`
	Name  string `required:"" help:"As people call its owner." placeholder:"TEXT"`
	Email string `help:"Address for mail." placeholder:"ADDRESS"`
	Unit  string `help:"Code of the unit, for the roles unit and contact." placeholder:"CODE"`
	Desk  string `help:"Code of the desk, for the role desk." placeholder:"CODE"`
}

// Run makes the account.
func (c *accountCreateCmd) Run(ctx context.Context, k *kong.Kong) error {
	in := api.AccountRequest{Role: c.Role, Login: c.Login, Name: c.Name, Email: c.Email, Unit: c.Unit, Desk: c.Desk}
	var out api.AccountLink
	if err := c.postJSON(ctx, "/api/v1/accounts", in, &out, nil); err != nil {
		return err
	}
	return printLink(k, c.Login, out)
}

func printLink(k *kong.Kong, login string, l api.AccountLink) error {
	_, err := fmt.Fprintf(k.Stdout, `Liên kết đặt mật khẩu cho %s, dùng một lần, trong %d giờ / link to set the password, good once, for %d hours:

  %s
`, login, l.Hours, l.Hours, l.Link)
	return err
}

// which names an account.
type which struct {
	ID    string `name:"id" help:"Its id, as the list has it." xor:"which" required:"" placeholder:"HEX"`
	Login string `help:"Its sign-in name." xor:"which" required:"" placeholder:"NAME"`
}

func (w which) String() string { return w.Login + w.ID }

type accountOffCmd struct {
	remote
	which
}

// Run turns the account off.
func (c *accountOffCmd) Run(ctx context.Context, k *kong.Kong) error {
	return c.record(ctx, k, "/api/v1/accounts/off", api.AccountName(c.which), "turned off")
}

type accountLinkCmd struct {
	remote
	which
}

// Run prints the link.
func (c *accountLinkCmd) Run(ctx context.Context, k *kong.Kong) error {
	var out api.AccountLink
	if err := c.postJSON(ctx, "/api/v1/accounts/link", api.AccountName(c.which), &out, nil); err != nil {
		return err
	}
	return printLink(k, c.which.String(), out)
}

// accounts asks for those of people, or of programs.
func (r remote) accounts(ctx context.Context, programs bool) (of []api.Account, err error) {
	var all api.AccountList
	if err := r.send(ctx, http.MethodGet, "/api/v1/accounts", "", nil, &all, nil); err != nil {
		return nil, err
	}
	for _, x := range all.Accounts {
		if (x.Role == access.Program.String()) == programs {
			of = append(of, x)
		}
	}
	return of, nil
}

type accountListCmd struct{ remote }

// Run lists people's accounts.
func (c *accountListCmd) Run(ctx context.Context, k *kong.Kong) error {
	all, err := c.accounts(ctx, false)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(k.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LOGIN\tNAME\tROLE\tOF\tSTATE\tID")
	for _, x := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", dash(x.Login), dash(x.Name), x.Role, dash(x.Unit+x.Desk), accountState(x), x.ID)
	}
	return w.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// accountState says what matters of an account, the most important first.
func accountState(x api.Account) string {
	switch {
	case x.Off:
		return "off"
	case !x.Readable:
		return "not here yet"
	case x.Shadowed:
		return "another of its name goes before"
	case !x.Password:
		return "no password yet"
	case x.TOTP:
		return "on, second factor"
	}
	return "on"
}

type tokenCreateCmd struct {
	remote
	Unit string `required:"" help:"Code of the unit whose dossiers it may register." placeholder:"CODE"`
	Name string `help:"What people call the program." default:"Phần mềm một cửa"`
}

// Run makes the token.
func (c *tokenCreateCmd) Run(ctx context.Context, k *kong.Kong) error {
	var out api.TokenText
	if err := c.postJSON(ctx, "/api/v1/tokens", api.TokenRequest{Unit: c.Unit, Name: c.Name}, &out, nil); err != nil {
		return err
	}
	return printToken(k, out)
}

type tokenRotateCmd struct {
	remote
	ID     string `name:"id" required:"" help:"Id of the program's account, as the list has it." placeholder:"HEX"`
	AtOnce bool   `help:"Those before are good no more, since somebody may have seen one."`
}

// Run exchanges the token.
func (c *tokenRotateCmd) Run(ctx context.Context, k *kong.Kong) error {
	var out api.TokenText
	if err := c.postJSON(ctx, "/api/v1/tokens/rotate", api.RotateRequest{ID: c.ID, AtOnce: c.AtOnce}, &out, nil); err != nil {
		return err
	}
	return printToken(k, out)
}

// printToken prints the token alone where a program reads it, and whose it is
// beside it.
func printToken(k *kong.Kong, t api.TokenText) error {
	fmt.Fprintf(k.Stderr, "account %s; the token is told this once:\n", t.ID)
	_, err := fmt.Fprintln(k.Stdout, t.Token)
	return err
}

type tokenListCmd struct{ remote }

// Run lists programs' accounts.
func (c *tokenListCmd) Run(ctx context.Context, k *kong.Kong) error {
	all, err := c.accounts(ctx, true)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(k.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "UNIT\tNAME\tTOKENS\tLAST USE\tSTATE\tID")
	for _, x := range all {
		used, state := "never", accountState(x)
		if x.Used != nil {
			used = when(*x.Used)
		}
		if state == "no password yet" {
			state = "on"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", x.Unit, dash(x.Name), tokens(x.Tokens), used, state, x.ID)
	}
	return w.Flush()
}

// tokens says from when tokens are, and until when.
func tokens(all []api.AccountToken) string {
	var out []string
	for _, t := range all {
		text := when(t.Since)
		if t.Until != nil {
			text += " (until " + when(*t.Until) + ")"
		}
		out = append(out, text)
	}
	return dash(strings.Join(out, ", "))
}

// when writes a time as the other lists do.
func when(t time.Time) string { return t.In(survey.Zone).Format("2006-01-02 15:04") }
