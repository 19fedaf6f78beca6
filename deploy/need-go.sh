#!/usr/bin/env bash
# need-go.sh: says so where Go is missing, or older than go.mod asks. It can't
# be installed as the other tools are: Debian 12 packages 1.19.
set -euo pipefail
cd "$(dirname "$0")/.."
want=$(awk '$1 == "go" { print $2 }' go.mod)
have=$(go env GOVERSION 2>/dev/null || true)
have=${have#go}
[ -n "$have" ] && [ "$(printf '%s\n' "$want" "$have" | sort -V | head -n 1)" = "$want" ] && exit 0
echo "Go $want or later is needed; here is ${have:-none}. Debian 12's own package is too old (1.19). Try: install it from https://go.dev/dl/ and put its bin folder on PATH" >&2
exit 1
