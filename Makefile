# libbedrockstream: `make help` lists the targets, `make demo` shows an answer arriving, `make test` runs every test.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
FUZZ_SECONDS ?= 60
RUNS ?= 20000
SWIFT ?= swift
PYTHON ?= python3

VERSION := $(shell sed -n 's/.*cString("\([0-9.]*\)").*/\1/p' Sources/BedrockStream/Library.swift | head -1)
# Where the toolchain's own programs stand, also when `swift` is a wrapper that chooses one.
TOOLCHAIN = $(shell swiftc -print-target-info | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift".*|\1|p')
CLANG = $(TOOLCHAIN)/bin/clang
OBJCOPY = $(firstword $(wildcard $(TOOLCHAIN)/bin/llvm-objcopy) objcopy)

SONAME := libbedrockstream.so.0
LIBRARY := build/lib/$(SONAME)
HEADER := include/bedrockstream.h
SWIFT_FILES := Package.swift Sources Tests

WARNINGS := -Wall -Wextra -pedantic -Werror
EXAMPLE_FLAGS = -std=c99 -O2 $(WARNINGS) -Iinclude -pthread
TEST_FLAGS = -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Iinclude -ITests/C -pthread
# The tests' clients are made by Tests/C/style.c.
STYLE_FLAGS := -Wl,--wrap=brs_client_new -Wl,--wrap=brs_client_free
TEST_SOURCES := $(wildcard Tests/C/*.c)
TEST_HEADERS := $(wildcard Tests/C/*.h)
BENCH_FLAGS = -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -Iinclude -ITests/C -pthread

.PHONY: help deps lib sim examples address-examples examples-hosts hosts-deps demo matrix test header docs format format-check tidy bench bench-programs simulate fuzz install clean \
  venv FORCE

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  %-14s %s\n", $$1, $$2}'

deps: ## installs the development files of libcurl and OpenSSL where they are missing
	@printf '#include <curl/curl.h>\n#include <openssl/evp.h>\nint main(void) { return 0; }\n' \
	| $(CC) -x c - -lcurl -lcrypto -o /dev/null 2>/dev/null || Tests/packages libcurl4-openssl-dev libssl-dev

# ---- the shipped library: Embedded Swift, stripped, with its debug information beside it

lib: $(LIBRARY) build/lib/libbedrockstream.so ## builds build/lib/libbedrockstream.so

.build-embedded/release/libbedrockstream.so: FORCE | deps
	BRS_EMBEDDED=1 $(SWIFT) build -c release --scratch-path .build-embedded --disable-local-rpath --product bedrockstream

$(LIBRARY): .build-embedded/release/libbedrockstream.so
	@mkdir -p $(@D)
	$(OBJCOPY) --only-keep-debug $< $@.debug
	$(OBJCOPY) --strip-all --remove-section=.swift_modhash $< $@
	$(OBJCOPY) --add-gnu-debuglink=$@.debug $@

%/libbedrockstream.so: %/$(SONAME)
	ln -sf $(SONAME) $@

# ---- the simulator and the examples

sim: build/bin/bedrockstream-sim ## builds build/bin/bedrockstream-sim, a local Bedrock endpoint

.build/release/bedrockstream-sim: FORCE | deps
	$(SWIFT) build -c release --product bedrockstream-sim --static-swift-stdlib

build/bin/bedrockstream-sim: .build/release/bedrockstream-sim
	@mkdir -p $(@D)
	cp $< $@

EXAMPLES := $(patsubst examples/c/%.c,%,$(wildcard examples/c/*.c))
examples: $(EXAMPLES:%=build/bin/%) ## builds the C examples into build/bin

build/bin/%: examples/c/%.c $(HEADER) | build/lib/libbedrockstream.so
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE_FLAGS) $< -o $@ -Lbuild/lib -lbedrockstream -Wl,-rpath,'$$ORIGIN/../lib'

# Programs whose own loop serves a client. nginx's configuration is made once, by Debian's flags, beside its headers.
HOSTS := libuv libevent nginx/ngx_http_bedrock_module.so
NGINX_SOURCE ?= /usr/share/nginx/src
examples-hosts: $(HOSTS:%=build/hosts/%) ## builds the examples in loops of libuv, libevent and nginx

hosts-deps:
	@Tests/packages libuv1-dev libevent-dev nginx-dev

build/hosts/libuv: LOOP := -luv
build/hosts/libevent: LOOP := -levent_core
build/hosts/libuv build/hosts/libevent: build/hosts/%: examples/hosts/%.c $(HEADER) | hosts-deps build/lib/libbedrockstream.so
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE_FLAGS) $< -o $@ -Lbuild/lib -lbedrockstream $(LOOP) -Wl,-rpath,'$$ORIGIN/../lib'

build/hosts/nginx/Makefile: examples/hosts/nginx/config | hosts-deps
	@mkdir -p $(@D)
	cd $(NGINX_SOURCE) && . ./conf_flags && ./configure "$${NGX_CONF_FLAGS[@]}" --builddir=$(CURDIR)/$(@D) \
	  --add-dynamic-module=$(CURDIR)/$(<D) --with-cc-opt='-O2 -Wextra -I$(CURDIR)/include' \
	  --with-ld-opt='-L$(CURDIR)/build/lib -Wl,-rpath,$(CURDIR)/build/lib' > $(CURDIR)/build/hosts/nginx.log

build/hosts/nginx/ngx_http_bedrock_module.so: examples/hosts/nginx/ngx_http_bedrock_module.c build/hosts/nginx/Makefile $(HEADER) \
  | build/lib/libbedrockstream.so
	$(MAKE) -C $(NGINX_SOURCE) -f $(CURDIR)/$(@D)/Makefile modules
	@touch $@

demo: lib sim examples ## asks the simulator something and shows the answer arriving
	@examples/demo

matrix: lib sim build/test/outcome venv ## shows what this library and boto3 say of the same broken answers
	@build/venv/bin/python Tests/Python/test_live_matrix.py

# ---- tests

test: ## runs every test; the last line says how many passed and failed
	@Tests/run

# The C tests against the shipped library, and against one that a sanitizer watches.
build/test/abi: $(TEST_SOURCES) $(TEST_HEADERS) $(HEADER) | build/lib/libbedrockstream.so
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) $(STYLE_FLAGS) $(TEST_SOURCES) -o $@ -Lbuild/lib -lbedrockstream -Wl,-rpath,'$$ORIGIN/../lib'

# What the fault matrix asks for answers with.
build/test/outcome: Tests/Matrix/outcome.c $(HEADER) | build/lib/libbedrockstream.so
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) $< -o $@ -Lbuild/lib -lbedrockstream -Wl,-rpath,'$$ORIGIN/../lib'

# The same harness with an allocator that counts and fails.
build/test/allocation: Tests/C/Allocation/test_allocation.c Tests/C/check.c Tests/C/frames.c $(TEST_HEADERS) $(HEADER) \
  | build/lib/libbedrockstream.so
	@mkdir -p $(@D)
	$(CC) $(TEST_FLAGS) $(filter %.c,$^) -o $@ -Lbuild/lib -lbedrockstream -Wl,-rpath,'$$ORIGIN/../lib'

.build-address/release/libbedrockstream.so .build-thread/release/libbedrockstream.so: .build-%/release/libbedrockstream.so: FORCE | deps
	BRS_SANITIZED=1 BRS_EMBEDDED=1 $(SWIFT) build -c release --scratch-path .build-$* --disable-local-rpath \
	  --product bedrockstream --sanitize=$*

build/address/$(SONAME) build/thread/$(SONAME): build/%/$(SONAME): .build-%/release/libbedrockstream.so
	@mkdir -p $(@D)
	cp $< $@

$(EXAMPLES:%=build/address/%): build/address/%: examples/c/%.c $(HEADER) | build/address/libbedrockstream.so
	$(CLANG) -std=c99 -O1 -g $(WARNINGS) -Iinclude -fuse-ld=lld -fsanitize=address -pthread $< -o $@ -Lbuild/address -lbedrockstream \
	  -Wl,-rpath,'$$ORIGIN'

address-examples: $(EXAMPLES:%=build/address/%)

build/address/abi build/thread/abi: build/%/abi: $(TEST_SOURCES) $(TEST_HEADERS) $(HEADER) | build/%/libbedrockstream.so
	$(CLANG) $(TEST_FLAGS) $(STYLE_FLAGS) -fuse-ld=lld -fsanitize=$* $(TEST_SOURCES) -o $@ -Lbuild/$* -lbedrockstream \
	  -Wl,-rpath,'$$ORIGIN' $(if $(filter thread,$*),-L$(TOOLCHAIN)/lib/swift/linux \
	  -Wl$(comma)-rpath$(comma)$(TOOLCHAIN)/lib/swift/linux -ldispatch -lBlocksRuntime)
comma := ,

venv: build/venv/.ready
build/venv/.ready: Tests/Python/requirements.txt
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || Tests/packages python3-venv
	$(PYTHON) -m venv build/venv
	build/venv/bin/pip --quiet --disable-pip-version-check install -r $<
	touch $@

.build/release/simulation: FORCE | deps
	$(SWIFT) build -c release --product simulation

simulate: .build/release/simulation ## runs RUNS schedules of faults (20000) from SEED on (a fresh one)
	$< --runs $(RUNS) $(if $(SEED),--seed $(SEED))

fuzz: deps ## fuzzes every target for FUZZ_SECONDS seconds each (60)
	Tests/Fuzz/run --seconds $(FUZZ_SECONDS)

# AWS=PREFIX, where aws-c-event-stream is installed, adds it to what decoding is compared to.
AWS ?=
AWS_LIBRARIES ?= -laws-c-io -ls2n -laws-c-cal -laws-checksums -laws-c-common -lcrypto
BENCH_PROGRAMS := $(addprefix build/bench/,client floor walk sign load launch server $(if $(AWS),aws))

bench-programs: $(BENCH_PROGRAMS)

bench: bench-programs venv ## measures against libcurl, OpenSSL and boto3, about three minutes
	Tests/packages nghttp2-proxy
	build/venv/bin/python Tests/Benchmarks/run

build/bench/client: Tests/Benchmarks/client.c Tests/Benchmarks/measure.h $(HEADER) | build/lib/libbedrockstream.so
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) $< -o $@ -Lbuild/lib -lbedrockstream -Wl,-rpath,'$$ORIGIN/../lib'

build/bench/server: Tests/Benchmarks/server.c Tests/Benchmarks/answers.c Tests/Benchmarks/answers.h Tests/Benchmarks/measure.h \
  Tests/C/frames.c Tests/C/frames.h | deps
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) $(filter %.c,$^) -o $@ -lssl -lcrypto

build/bench/floor: BENCH_LIBRARIES := -lcurl
build/bench/sign: BENCH_LIBRARIES := -lcrypto
build/bench/aws: BENCH_LIBRARIES = -I$(AWS)/include -L$(AWS)/lib -laws-c-event-stream $(AWS_LIBRARIES) -lm
build/bench/%: Tests/Benchmarks/%.c Tests/Benchmarks/measure.h | deps
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) $< -o $@ $(BENCH_LIBRARIES) -ldl

# ---- upkeep

header: lib ## writes include/bedrockstream.h anew from the sources
	$(PYTHON) Tests/Header/generate.py

docs: ## writes the diagram of Sources/BedrockCore/Exchange/README.md anew from the sources
	BRS_WRITE_DOCS=1 $(SWIFT) test --disable-xctest --filter ExchangeStates

format: ## formats the Swift sources
	$(SWIFT) format format --in-place --recursive --parallel $(SWIFT_FILES)

format-check: ## checks the format of the Swift sources
	$(SWIFT) format lint --strict --recursive --parallel $(SWIFT_FILES)

tidy: ## checks rules that the compiler does not
	$(PYTHON) Tests/Checks/tidy.py --self-test
	$(PYTHON) Tests/Checks/tidy.py

install: lib ## installs library, header and pkg-config file under PREFIX (/usr/local), staged under DESTDIR
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)
	install -m 755 $(LIBRARY) $(DESTDIR)$(LIBDIR)/libbedrockstream.so.$(VERSION)
	ln -sf libbedrockstream.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libbedrockstream.so
	install -m 644 $(HEADER) $(DESTDIR)$(INCLUDEDIR)/bedrockstream.h
	printf '%s\n' 'Name: bedrockstream' 'Description: Streams answers of Amazon Bedrock' 'Version: $(VERSION)' \
	  'Cflags: -I$(INCLUDEDIR)' 'Libs: -L$(LIBDIR) -lbedrockstream' > $(DESTDIR)$(LIBDIR)/pkgconfig/bedrockstream.pc

clean: ## removes everything that was built
	rm -rf build .build .build-*
