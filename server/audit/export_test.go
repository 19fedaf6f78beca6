package audit

// For the tests of this package.
var (
	Names   = names
	Actions = actions
)
