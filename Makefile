# Hài Lòng: make help
SHELL := /bin/bash
.DEFAULT_GOAL := help
export GOFLAGS := -buildvcs=false

ORG ?= deploy/example/nghe-an-2018.yaml
ROUNDS ?= 200
SEED ?= 0
CUTS ?= 20

.PHONY: help run demo test check chaos power bench build web tools test-tools fuzz clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: build ## Start a server and two kiosks on the example organisation
	@deploy/run.sh $(ORG)

demo: build ## The same, with two years of made-up history, marked as sample
	@deploy/run.sh --demo $(ORG)

build: web ## Build both programs into bin/
	@mkdir -p bin
	go build -o bin/ ./cmd/...

web: tools web/dist/.built ## Copy scripts, styles and fonts of the pages into web/dist

web/dist/.built: web/package-lock.json web/build.mjs
	cd web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build
	@touch $@

tools: ## Install what building needs
	@deploy/need-go.sh
	@deploy/need.sh gcc:gcc /usr/include/stdlib.h:libc6-dev npm:npm curl:curl

test-tools: tools
	@deploy/need.sh chromium:chromium zbarimg:zbar-tools pdftoppm:poppler-utils mkfs.ext4:e2fsprogs \
		/usr/lib/libreoffice/program/libsclo.so:libreoffice-calc-nogui /usr/lib/libreoffice/program/libswlo.so:libreoffice-writer-nogui \
		/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf:fonts-liberation \
		cage:cage Xwayland:xwayland wlr-randr:wlr-randr grim:grim systemd-analyze:systemd

test: test-tools web check ## Every test, with the race detector
	go test -race -p 3 -timeout 15m ./... # tests wait for browsers and processes: three packages at a time keep two cores busy

check: ## gofmt, go vet, staticcheck and gosec
	@test -z "$$(gofmt -l cmd internal kiosk server web/*.go)" || { echo "gofmt would change:"; gofmt -l cmd internal kiosk server web/*.go; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go tool gosec -quiet -exclude=$(NOT_GOSEC) $(addprefix -exclude-dir=,$(NOT_OURS)) ./cmd/... ./internal/... ./kiosk/... ./server/... ./web/...

# What gosec is not asked: G104, a Builder or Buffer that can't fail and closing
# after an error; G115, times and numbers of facts in SQLite's int64, bounded
# where they are decoded; G304, files that the operator names. What else it has
# wrong is said at the line. Tools of tests and benchmarks run on nobody's server.
NOT_GOSEC := G104,G115,G304
NOT_OURS := internal/bench openid/provider webtest httpxtest openidtest receipttest

chaos: build ## Kill, cut and restore real processes (ROUNDS=200 SEED=0)
	go test ./server/chaos -v -count=1 -run TestChaos -rounds=$(ROUNDS) -seed=$(SEED) -timeout 60m

power: build ## Simulated power cuts, as root (CUTS=20)
	go test ./server/chaos -v -count=1 -run TestPower -cuts=$(CUTS) -timeout 60m

bench: build ## Speed against bare programs, in the same run
	go run ./internal/bench -duckdb

fuzz: ## Each fuzz test for FUZZTIME (10s)
	@deploy/fuzz.sh $(or $(FUZZTIME),10s)

clean: ## Remove what was built; data/ stays
	rm -rf bin web/node_modules
	find web/dist -mindepth 1 ! -name placeholder.txt -delete
