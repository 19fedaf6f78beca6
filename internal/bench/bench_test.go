package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestQuick: every measure runs and has its lines. What they say of speed means
// nothing at these sizes, and is not looked at.
func TestQuick(t *testing.T) {
	var out, progress bytes.Buffer
	if err := run(t.Context(), []string{"-quick"}, &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, progress.Bytes())
	}
	for _, want := range []string{
		"`POST`, durable, 1 connection |", "16 connections |", "64 connections |", "… p99 |", "… CPU",
		"backlog of 2,000 ratings", "all idle → counted, p50", "a past quarter", "the last 91 days",
		"resident after 500 ratings", "start → ready", "slow card (10 ms a sync)", "tap → thanks on the screen, p50",
		"over HTTP: `/`, p99", "`/desk/DU0001`, p99", "XLSX of a closed year", "raw export over HTTP, csv", "raw export over HTTP, parquet",
		"open live pages", "… memory a page", "load average",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in the table:\n%s", want, out.Bytes())
		}
	}
	if n := strings.Count(out.String(), "\n|"); n != 1+9+1+2+2+2+1+2+9+5+2 {
		t.Errorf("%d lines:\n%s", n, out.Bytes())
	}
}

// TestChoice: wrong numbers are refused before anything runs.
func TestChoice(t *testing.T) {
	for _, only := range []string{"12", "1,x", "0"} {
		if err := run(t.Context(), []string{"-only", only}, &bytes.Buffer{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "1 to 11") {
			t.Errorf("-only=%s: %v", only, err)
		}
	}
}

func TestMedianRatio(t *testing.T) {
	p := pairs{product: []float64{10, 90, 30}, bare: []float64{10, 100, 40}}
	if p.ratio() != 0.9 || median(p.product) != 30 || median([]float64{1, 2}) != 1.5 || p.check() != 0 {
		t.Errorf("%v %v", p.ratio(), median(p.product))
	}
	if s := perSecond(1234567.4); s != "1,234,567/s" {
		t.Error(s)
	}
}
