#!/usr/bin/env bash
# run.sh [--demo] ORGANISATION: one server with NATS inside and two kiosks on
# this machine, until Ctrl-C. Data stays in data/ between runs.
set -euo pipefail
cd "$(dirname "$0")/.."
demo=
[ "${1:-}" = --demo ] && { demo=1; shift; }
organisation=$1
sheet=deploy/example/questionnaire.yaml
port=${PORT:-8080}
nats=${NATS_PORT:-4222}
base=http://127.0.0.1:$port
mkdir -p data/log
pids=()

stop() {
  trap - INT TERM EXIT
  [ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null || true
  wait
  echo
  echo "Đã dừng. / Stopped."
}
trap 'stop; exit 0' INT TERM # to be stopped is how it ends
trap stop EXIT

# start NAME COMMAND…: runs in the background, its log in data/log.
start() {
  local name=$1
  shift
  "$@" >>"data/log/$name.log" 2>&1 &
  pids+=($!)
}

# ready NAME URL: waits until the address answers; shows the log where it ended.
ready() {
  for _ in $(seq 300); do
    curl -fs -o /dev/null "$2" && return
    if ! kill -0 "${pids[-1]}" 2>/dev/null; then
      echo "$1 did not start; the end of data/log/$1.log:" >&2
      tail -n 5 "data/log/$1.log" >&2
      exit 1
    fi
    sleep 0.1
  done
  echo "$1 does not answer at $2; see data/log/$1.log" >&2
  exit 1
}

# desk PORT DATA: the code of the desk that the server gave the kiosk; nothing
# where there is none after a while. The PIN does not go by the command line,
# which others on this machine can read.
desk() {
  local code=
  for _ in $(seq 100); do
    code=$(printf 'header = "Authorization: Bearer %s"\n' "$(cat "$2/staff.pin")" | curl -fs -K - "http://127.0.0.1:$1/status" | sed -n 's/.*"desk":"\([^"]*\)".*/\1/p') || true
    [ -z "$code" ] || break
    sleep 0.1
  done
  echo "$code"
}

# enrol KIOSK DATA: lets the device in by a code, unless it was let in before.
enrol() {
  bin/hailong-kiosk enrol --data "$2" --server "$base" >>data/log/enrol.log 2>&1 && return
  local code
  code=$(bin/hailong-server enrol --url "$base" --data data/server --kiosk "$1" | sed -n 's/.* --code=//p') && [ -n "$code" ] &&
    bin/hailong-kiosk enrol --data "$2" --server "$base" --code "$code"
}

start server bin/hailong-server serve --data data/server --listen "127.0.0.1:$port" --nats-addr "127.0.0.1:$nats" ${demo:+--quiet 20s}
ready server "$base/readyz"
bin/hailong-server organisation load --url "$base" --data data/server "$organisation"
bin/hailong-server questionnaire load --url "$base" --data data/server "$sheet"
desks=()
for k in 1 2; do
  data=data/kiosk$k
  enrol "K0$k" "$data" && admitted=1 || admitted=
  start "kiosk$k" bin/hailong-kiosk serve --data "$data" --name "K0$k" --listen "127.0.0.1:$((port + 10 + k))" --nats "nats://127.0.0.1:$nats"
  ready "kiosk$k" "http://127.0.0.1:$((port + 10 + k))/healthz"
  if [ -n "$admitted" ]; then
    desks+=("$base/desk/$(desk "$((port + 10 + k))" "$data")")
  else
    echo "K0$k is not enrolled, for the reason above: what it records is kept and does not count." >&2
    desks+=(–)
  fi
done
[ -z "$demo" ] || bin/hailong-server demo --data data/sample --keys data/server.keys --nats "nats://127.0.0.1:$nats" --questionnaire "$sheet" "$organisation"

[ -z "$demo" ] || echo "Các tháng trước được chốt số liệu trong vòng một phút. / Past months are closed within a minute."

first="  Các trang của cơ quan cần đăng nhập / the offices' pages need an account: $base/signin"
[ ! -f data/server/first-link ] || first="  Quản trị viên đầu tiên: mở một lần trong 24 giờ / the first administrator: open once, within 24 hours
    $(cat data/server/first-link)"

cat <<TEXT

Hài Lòng đang chạy với dữ liệu mẫu; Ctrl-C để dừng.
Hài Lòng is running on sample data; Ctrl-C stops it.

$first

  Máy đánh giá K01 / kiosk K01            http://127.0.0.1:$((port + 11))/
  Máy đánh giá K02 / kiosk K02            http://127.0.0.1:$((port + 12))/
  … mã PIN cho cán bộ / PIN for staff     $(cat data/kiosk1/staff.pin), $(cat data/kiosk2/staff.pin)
  Bộ phận một cửa của K01 / its desk      ${desks[0]}
  Bộ phận một cửa của K02 / its desk      ${desks[1]}
  Toàn tỉnh / the province                $base/
  … ngoài giờ làm việc màn hình ngủ, chạm để mở / outside opening hours the screen sleeps; touch wakes it
  Tờ giấy hẹn mẫu để in / receipts        $base/print/receipts?count=20
  Vận hành / operators                    $base/status

TEXT
wait
