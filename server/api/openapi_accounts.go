package api

// accountOperations are those of accounts and tokens.
var accountOperations = []operation{
	{
		method: "GET", path: "/api/v1/accounts", id: "accounts", summary: "The accounts of people and programs",
		status: 200, answer: AccountList{}, faults: []int{400, 500},
	},
	{
		method: "POST", path: "/api/v1/accounts", id: "createAccount", summary: "Make an account, and get the link by which its owner sets a password",
		bodies: []any{AccountRequest{}}, status: 201, answer: AccountLink{}, faults: append([]int{404, 409}, taken...),
	},
	{
		method: "POST", path: "/api/v1/accounts/off", id: "turnOffAccount", summary: "Let an account let nobody in, and end its sessions",
		note:   "By id or by sign-in name. The last account that lets an administrator in stays: 409.",
		bodies: []any{AccountName{}}, status: 200, answer: Recorded{}, faults: append([]int{404, 409}, taken...),
	},
	{
		method: "POST", path: "/api/v1/accounts/link", id: "linkAccount", summary: "Another link to set a password, which ends an account's sessions",
		bodies: []any{AccountName{}}, status: 200, answer: AccountLink{}, faults: append([]int{404}, taken...),
	},
	{
		method: "POST", path: "/api/v1/tokens", id: "createToken", summary: "A token for the one-stop software of a unit",
		note:   "It registers dossiers, slips and events of that unit, and nothing else. Turned off as an account is.",
		bodies: []any{TokenRequest{}}, status: 201, answer: TokenText{}, faults: append([]int{404}, taken...),
	},
	{
		method: "POST", path: "/api/v1/tokens/rotate", id: "rotateToken", summary: "Another token for a program",
		note:   "The one before is good for a day still, so that nothing stops while the other is put in its place.",
		bodies: []any{RotateRequest{}}, status: 200, answer: TokenText{}, faults: append([]int{404}, taken...),
	},
}
