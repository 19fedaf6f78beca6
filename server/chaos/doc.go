// Package chaos holds the test that kills, cuts and restores real processes and
// counts what was lost. Everything is in its tests:
//
//	go test ./server/chaos -v -run TestChaos -rounds=200 -seed=1 -timeout=60m
//	go test ./server/chaos -v -run TestPower -cuts=20 -timeout=60m
package chaos
