# make build    both programs into ./dist
# make test     everything, after installing what is missing (see .ci/prepare)
# make cross    compile for every supported system
# make lint     gofmt and golangci-lint
# make bench    the figures of the README, as ratios to the machine's own limits (.ci/bench . 1s for all benchmarks)
# make fuzz     a short run of every fuzz target
# make faults   an hour of faults in each shape of county (FAULTSTIME=40m FAULTSSEED=7 for another run)

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TARGETS := linux/amd64 linux/arm64 linux/loong64 windows/amd64

# No C, no paths of this machine, no version control stamp: the same sources
# give the same bytes everywhere.
BUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"

# SQLite itself, which is C made into Go and has locks of its own, is not watched for
# races, nor are its pointers; that alone took most of the time. Neither is the
# arithmetic of signatures. SQLite's driver and all else are.
SQLITE := -race=false -d=checkptr=0
UNWATCHED := -gcflags='modernc.org/sqlite/lib=$(SQLITE)' -gcflags='modernc.org/libc/...=$(SQLITE)' -gcflags='modernc.org/memory=$(SQLITE)' \
	-gcflags='crypto/internal/fips140/edwards25519/...=-race=false'

FUZZTIME ?= 10s
# Of all four shapes together, which run at the same time.
FAULTSTIME ?= 4h
FAULTSSEED ?= 0

.PHONY: build cross test lint bench fuzz faults

build:
	mkdir -p dist
	$(BUILD) -o dist/ ./hub ./node

cross:
	set -e; for target in $(TARGETS); do \
		os=$${target%/*} arch=$${target#*/}; \
		mkdir -p dist/$$os-$$arch; \
		GOOS=$$os GOARCH=$$arch $(BUILD) -o dist/$$os-$$arch/ ./hub ./node; \
	done

# vet runs first and on everything, so go test need not repeat a part of it. It
# and the linters compile with the flags of the build to reuse its packages.
# The race detector needs cgo, which the programs do not.
test:
	.ci/prepare
	CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false" go vet ./...
	CGO_ENABLED=1 go test -race $(UNWATCHED) -vet=off -timeout 20m ./...

lint:
	.ci/format
	CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false" go tool -modfile=.ci/tools/go.mod golangci-lint run ./...

bench:
	.ci/bench

fuzz:
	.ci/fuzz $(FUZZTIME)

faults:
	CGO_ENABLED=0 go test -vet=off ./hub -run '^TestFaults$$' -v -timeout 0 -faults.time $(FAULTSTIME) -faults.seed $(FAULTSSEED)
