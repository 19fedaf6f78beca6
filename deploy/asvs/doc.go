// Package asvs shows item by item how the product meets OWASP ASVS 4.0.3, levels
// 1 and 2: README.md is the table, and each item that a test can show has a file
// of its own, tried on the real programs. Nothing of ours is built into it.
package asvs
