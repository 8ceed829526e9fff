# The one front door. `make help` lists the targets.
Q := $(if $(V),,@)
BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= cc
VERSION := 0.1.0
HASH    := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)

MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
QUICKJS_LIB ?= $(firstword $(wildcard /usr/lib/$(MULTIARCH)/quickjs/libquickjs.a /usr/lib/quickjs/libquickjs.a /usr/lib64/quickjs/libquickjs.a) -lquickjs)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Walloca \
        -Wwrite-strings -Wundef -Wformat=2 -Wcast-qual -Wimplicit-fallthrough -fno-common
WERROR ?= -Werror
OPT    ?= -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
SANITIZE ?=
CPPFLAGS += -D_GNU_SOURCE -DPIN_VERSION='"$(VERSION)"' -DPIN_HASH='"$(HASH)"' -Isrc -Iinclude -isystem /usr/include/quickjs
CFLAGS  += -std=c17 -g $(OPT) $(WARN) $(WERROR) -fvisibility=hidden -fPIC -fno-plt -fno-omit-frame-pointer $(SANITIZE)
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack $(SANITIZE)
LIBS    := $(QUICKJS_LIB) -lsqlite3 -ljansson -lm

SRC  := $(filter-out src/command/main.c,$(wildcard src/*/*.c))
TEXT := $(BUILD)/gen/bytecode.o $(BUILD)/gen/types.o $(BUILD)/gen/job_header.o
GEN  := $(TEXT) $(BUILD)/gen/placement.o
OBJ  := $(SRC:%.c=$(BUILD)/%.o) $(GEN)
JS   := $(wildcard src/javascript/*.js)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*_test.c))
BENCH := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
FAULT_TOOLS := $(BUILD)/faults/pinstripe $(BUILD)/tests/store-check $(BUILD)/tests/kill-loop $(BUILD)/tests/unsynced.so
# The library: all but the engine, which only the program has, and what stands on it.
LIBRARY_SRC := $(filter-out src/javascript/% src/repl/% src/web/% src/command/% src/executor/nursery.c src/executor/javascript_worker.c,$(SRC))
LIBRARY_OBJ := $(LIBRARY_SRC:%.c=$(BUILD)/%.o) $(BUILD)/gen/job_header.o
LIBRARY     := $(BUILD)/libpinstripe.a $(BUILD)/libpinstripe.so
ABI         := 0
FUZZ := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/*.c))

.PHONY: all help setup demo test check asan-check unit javascript cli fault bench run-bench lint asan fuzz fuzz-programs valgrind install clean
all: $(BUILD)/pinstripe $(LIBRARY) $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))

help:
	@echo "make            build $(BUILD)/pinstripe"
	@echo "make demo       install what is missing, build, run the example project"
	@echo "make test       install what is missing, build, run every test"
	@echo "make unit|javascript|cli|fault   one suite of the tests"
	@echo "make bench      measure; prints a table, writes $(BUILD)/bench.json"
	@echo "make lint       layout, static checks, floors"
	@echo "make asan       the tests under AddressSanitizer and UBSan"
	@echo "make fuzz       every fuzz target for FUZZ_SECONDS (60) each"
	@echo "make valgrind   the unit tests under valgrind"
	@echo "make install PREFIX=$(PREFIX)"

setup:
	@tools/setup

# A make of its own after setup: the compiler and the libraries are looked for when a Makefile is read.
SUBMAKE = $(MAKE) --no-print-directory $(if $(findstring j,$(firstword -$(MAKEFLAGS))),,-j$(shell nproc))
demo: setup
	@$(SUBMAKE) all
	@PINSTRIPE=$(abspath $(BUILD)/pinstripe) examples/newsletter/demo.sh

test: setup
	@$(SUBMAKE) check

check: all $(UNIT) $(FAULT_TOOLS)
	@tools/run-tests $(BUILD)

unit: all $(UNIT)
	@tools/run-tests $(BUILD) unit

javascript cli fault: all $(FAULT_TOOLS)
	@tools/run-tests $(BUILD) $@

lint:
	@tools/setup --all
	@tools/lint

# What runs here is what a person waits for: the limits' tests and the figures need the real build.
ASAN_SUITES ?= unit javascript cli
asan: setup
	@$(SUBMAKE) BUILD=$(BUILD)-asan OPT=-O1 \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" asan-check
asan-check: all $(UNIT)
	@PIN_TEST_SANITIZED=1 UBSAN_OPTIONS=print_stacktrace=1 tools/run-tests $(BUILD) $(ASAN_SUITES)

# Clang has the fuzzer; the programs are $(BUILD)/fuzz/NAME.
FUZZ_SECONDS ?= 60
fuzz:
	@tools/setup --all
	@$(SUBMAKE) CC=clang BUILD=$(BUILD)/fuzz QUICKJS_LIB="$(QUICKJS_LIB)" OPT=-O1 WERROR= \
	    SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" fuzz-programs
	@tools/run-fuzz $(BUILD)/fuzz $(FUZZ_SECONDS)
fuzz-programs: $(FUZZ)

# Possibly lost is what SQLite's page cache has: it keeps blocks by addresses inside them.
valgrind: all $(UNIT)
	@tools/setup --all
	@for t in $(UNIT); do echo "== $$t"; \
	    PINSTRIPE=$(abspath $(BUILD)/pinstripe) valgrind -q --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite --vex-iropt-register-updates=allregs-at-mem-access --main-stacksize=67108864 $$t \
	    || exit 1; done

bench:
	@tools/setup --all
	@$(SUBMAKE) run-bench
run-bench: all $(BENCH)
	@tools/run-bench $(BUILD)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/doc/pinstripe
	install -m 755 $(BUILD)/pinstripe $(DESTDIR)$(PREFIX)/bin/pinstripe
	install -m 644 LICENSE README.md ARCHITECTURE.md $(wildcard docs/*.md) $(DESTDIR)$(PREFIX)/share/doc/pinstripe
	install -d $(DESTDIR)$(PREFIX)/include/pinstripe
	install -m 644 $(wildcard include/pinstripe/*.h) $(DESTDIR)$(PREFIX)/include/pinstripe
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 $(BUILD)/libpinstripe.a $(DESTDIR)$(PREFIX)/lib
	install -m 755 $(BUILD)/libpinstripe.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib
	ln -sf libpinstripe.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libpinstripe.so.$(ABI)
	ln -sf libpinstripe.so.$(ABI) $(DESTDIR)$(PREFIX)/lib/libpinstripe.so
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' tools/pinstripe.pc.in >$(DESTDIR)$(PREFIX)/lib/pkgconfig/pinstripe.pc
	tools/install-help $(BUILD)/pinstripe $(DESTDIR)$(PREFIX)

$(BUILD)/pinstripe: $(BUILD)/src/command/main.o $(BUILD)/libpinstripe-core.a
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/libpinstripe-core.a: $(OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $(OBJ)

# One object whose only names are those of pinstripe/pinstripe.h: nothing of ours meets a name of the host's.
$(BUILD)/libpinstripe.a: $(LIBRARY_OBJ)
	@rm -f $@
	$(Q)$(CC) -r -nostdlib $(SANITIZE) -o $(BUILD)/libpinstripe.o $^
	$(Q)objcopy --localize-hidden $(BUILD)/libpinstripe.o
	$(Q)ar rcs $@ $(BUILD)/libpinstripe.o

$(BUILD)/libpinstripe.so: $(LIBRARY_OBJ)
	$(Q)$(CC) -shared -Wl,-soname,libpinstripe.so.$(ABI) -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--no-undefined $(SANITIZE) \
	    -o $(BUILD)/libpinstripe.so.$(VERSION) $^ -lsqlite3 -ljansson -lm
	@ln -sf libpinstripe.so.$(VERSION) $(BUILD)/libpinstripe.so.$(ABI)
	@ln -sf libpinstripe.so.$(ABI) $@

# --version tells the commit that was built: what prints it is built again when that changes.
$(BUILD)/src/command/command.o $(BUILD)/src/web/metrics.o: $(BUILD)/gen/hash
$(BUILD)/gen/hash: FORCE
	@mkdir -p $(@D)
	@echo $(HASH) | cmp -s - $@ || echo $(HASH) >$@
FORCE:

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(GEN): %.o: %.c
	$(Q)$(CC) $(CPPFLAGS) -std=c17 -O0 -fPIC -fvisibility=hidden -c -o $@ $<

# Where the blocks go that runs write to: learnt with the engine and the modules that are built in.
$(BUILD)/learn-placement: tools/learn-placement.c $(SRC:%.c=$(BUILD)/%.o) $(TEXT)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) $(LIBS)

$(BUILD)/gen/placement.c: $(BUILD)/learn-placement
	$(Q)$(BUILD)/learn-placement $@

$(BUILD)/compile-javascript: tools/compile-javascript.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -O1 -D_GNU_SOURCE -isystem /usr/include/quickjs -o $@ $< $(QUICKJS_LIB) -lm

# Changes when a file comes or goes, which times of files do not tell.
$(BUILD)/gen/javascript-files: FORCE
	@mkdir -p $(@D)
	@echo "$(JS)" | cmp -s - $@ || echo "$(JS)" >$@
FORCE:

$(BUILD)/gen/bytecode.c: $(BUILD)/compile-javascript $(JS) $(BUILD)/gen/javascript-files
	@mkdir -p $(@D)
	$(Q)$(BUILD)/compile-javascript $@ $(foreach f,$(JS),$(if $(filter %/pinstripe.js,$(f)),pinstripe,pinstripe:$(basename $(notdir $(f))))=$(f))

# The type declarations that generate-project writes.
$(BUILD)/embed-text: tools/embed-text.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -O1 -o $@ $<

$(BUILD)/gen/types.c: $(BUILD)/embed-text src/javascript/types/pinstripe.d.ts
	@mkdir -p $(@D)
	$(Q)$(BUILD)/embed-text $@ pin__types_text src/javascript/types/pinstripe.d.ts

# The header of jobs in C, which the program writes where it compiles them.
$(BUILD)/gen/job_header.c: $(BUILD)/embed-text include/pinstripe/job.h
	@mkdir -p $(@D)
	$(Q)$(BUILD)/embed-text $@ pin__job_header_text include/pinstripe/job.h

# The program with its fault points in (src/base/fault.h), for the tests that kill it at each of them.
FAULT_OBJ := $(patsubst %.c,$(BUILD)/faults/%.o,$(SRC))
$(BUILD)/faults/pinstripe: $(BUILD)/faults/src/command/main.o $(FAULT_OBJ) $(GEN)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/faults/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -DPIN_FAULTS $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/store_crash_test: tests/unit/store_crash_test.c $(FAULT_OBJ) $(GEN)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -DPIN_FAULTS $(CFLAGS) -MMD -MP -o $@ $< $(FAULT_OBJ) $(GEN) $(LDFLAGS) -lcmocka $(LIBS)

# Unit tests and benches: one program a file.
$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/libpinstripe-core.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(BUILD)/libpinstripe-core.a $(LDFLAGS) -lcmocka $(LIBS)

$(FUZZ): $(BUILD)/%: tests/fuzz/%.c $(BUILD)/libpinstripe-core.a
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $< $(BUILD)/libpinstripe-core.a $(LDFLAGS) -fsanitize=fuzzer $(LIBS)

# What tests load before a program.
$(BUILD)/tests/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=c17 -O1 -Wall -Wextra -Werror -fPIC -shared -o $@ $<

# Programs for developers.
$(BUILD)/tests/%: tests/tools/%.c $(BUILD)/libpinstripe-core.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(BUILD)/libpinstripe-core.a $(LDFLAGS) $(LIBS)

$(BUILD)/bench/%: bench/%.c $(BUILD)/libpinstripe-core.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(BUILD)/libpinstripe-core.a $(LDFLAGS) $(LIBS)

clean:
	rm -rf $(BUILD)

-include $(OBJ:.o=.d) $(FAULT_OBJ:.o=.d) $(UNIT:=.d) $(BENCH:=.d) $(BUILD)/src/command/main.d
