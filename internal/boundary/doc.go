// Package boundary holds the test that keeps the packages apart: which may not
// stand on which, with the reason beside each rule.
package boundary
