#!/usr/bin/env bash
# need.sh WHAT:PACKAGE …: installs the Debian packages that are missing where
# root, and names them otherwise. WHAT is a command, or a file by its full path.
set -euo pipefail
missing=()
for pair in "$@"; do
  what=${pair%%:*}
  case $what in
    /*) [ -e "$what" ] ;;
    *) PATH="$PATH:/usr/sbin:/sbin" command -v "$what" >/dev/null ;;
  esac || missing+=("${pair##*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing: ${missing[*]}. Try: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
