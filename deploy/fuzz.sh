#!/usr/bin/env bash
# fuzz.sh TIME: runs every fuzz test of the module for TIME (10s, 5m, 1000x),
# one after the other, and stops at the first failure. The input that failed is
# then in testdata/fuzz beside the test: commit it with the mend.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: deploy/fuzz.sh TIME, such as 10s}

found=0
while read -r folder; do
  # To list a package's tests is to build them, so only those that have any.
  names=$(go test -list '^Fuzz' "./$folder" | grep '^Fuzz')
  for name in $names; do
    found=$((found + 1))
    echo "$folder $name"
    go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$folder" </dev/null
  done
done < <(grep -rl --include='*_test.go' '^func Fuzz' cmd internal kiosk server | xargs -r dirname | sort -u)

[ "$found" -gt 0 ] || { echo "no fuzz test found" >&2; exit 1; }
echo "$found fuzz tests, $time each: nothing found"
