# SPDX-License-Identifier: Apache-2.0
# nk-cni: build, check, and run in the lab. "make help" lists the targets; V=1 shows the commands.
#
# Every target installs what it needs first (test/deps), so that a fresh Debian with git and make
# needs no other preparation.

# Of a tarball, what "make dist" noted in it; else the tag, and what came after it.
VERSION   := $(or $(file <.tarball-version),$(shell git -c safe.directory='*' describe --tags --always --dirty 2>/dev/null),unknown)
CNI_BIN_DIR ?= /opt/cni/bin
MAN_DIR   ?= /usr/local/share/man
B         := build

# What is here for root alone, such as bpftool, an ordinary user's PATH may lack.
export PATH := $(PATH):/usr/sbin:/sbin
unexport CDPATH BASH_ENV
LAB       := test/lab/lab

CFLAGS    ?= -O2 -g
NK_CFLAGS  = -std=gnu17 -D_GNU_SOURCE -DNK_VERSION='"$(VERSION)"' -Wall -Wextra -Wshadow \
	     -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wswitch-enum -Wvla -Wcast-align \
	     -Wundef -Walloca -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
# Not at parse time: the packages may not be there yet.
PKG_CFLAGS = $(shell pkg-config --cflags libcjson libmnl libnl-genl-3.0 libbpf)
PKG_LIBS   = $(shell pkg-config --libs libcjson libmnl libnl-genl-3.0 libbpf)
INCLUDES   = -Ilib -Ibpf -Icmd/nk-cni -isystem $(B)
LDFLAGS   += -pie -Wl,-z,relro,-z,now
ROOT      := $(B)/root

# "make static": musl and the libraries are in $(ROOT), from test/static/libs. For the size, and for nothing of the
# machine to be in the file: no debug data, no tables for unwinding, only the sections that are used.
MACHINE   := $(shell dpkg --print-architecture 2>/dev/null)
ARCH      ?= $(MACHINE)
CROSS      = $(filter-out $(MACHINE),$(ARCH))
ifdef STATIC
CC        := $(if $(filter arm64,$(ARCH)),aarch64,x86_64)-linux-gnu-gcc
CFLAGS     = -Os
NK_CFLAGS += -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -Werror=implicit-function-declaration \
	     -Wno-format-truncation -nostdinc -isystem $(ROOT)/include -isystem $(GCC_INCLUDE)
GCC_INCLUDE := $(shell $(CC) -print-file-name=include)
PKG_CFLAGS =
PKG_LIBS   = $(addprefix $(ROOT)/lib/,rcrt1.o libcjson.a libmnl.a libbpf.a libelf.a libz.a libnl.a libc.a) -lgcc
LDFLAGS    = -nostdlib -static-pie -s -Wl,--gc-sections,-z,relro,-z,now,-z,pack-relative-relocs,--build-id=none
endif

LIB_SRC   := $(sort $(wildcard lib/*/*.c))
CMD_SRC   := $(sort $(wildcard cmd/nk-cni/*.c))
UNIT_SRC  := $(sort $(wildcard test/unit/*.c))
TOOL_MAIN := $(patsubst %,test/tools/%.c,between fault frames ledger libxdp look netdev tcp thief wire xdpprog xsk)
TOOL_LIB  := $(filter-out $(TOOL_MAIN),$(sort $(wildcard test/tools/*.c)))
EXAMPLE_LIB := conf/examples/zcrx.c
EXAMPLE_SRC := $(filter-out $(EXAMPLE_LIB),$(sort $(wildcard conf/examples/*.c)))
FUZZ_SRC  := $(sort $(wildcard test/fuzz/*.c))
BENCH_SRC := $(sort $(wildcard test/bench/*.c))
BENCH     := $(B)/test/bench/bench
PEER      := $(B)/test/bench/peer
METER     := $(B)/test/bench/meter
BARE      := $(B)/test/bench/empty $(B)/test/bench/floor
HEADERS   := $(sort $(wildcard lib/*/*.h bpf/*.h cmd/nk-cni/*.h test/unit/*.h test/tools/*.h test/fuzz/*.h conf/examples/*.h))
C_FILES   := $(LIB_SRC) $(CMD_SRC) $(UNIT_SRC) $(TOOL_MAIN) $(TOOL_LIB) $(EXAMPLE_LIB) $(EXAMPLE_SRC) $(FUZZ_SRC) $(BENCH_SRC)
# What the lab's cases use beside the plugin; nk-cni-next is a build whose XDP program is newer.
TOOLS     := $(TOOL_MAIN:test/tools/%.c=$(B)/test/%) $(B)/test/nk-cni-next $(B)/test/policy.o \
	     $(BENCH) $(B)/test/zcrx-echo
EXAMPLES  := $(EXAMPLE_SRC:conf/examples/%.c=$(B)/test/%)

LIB_OBJ   := $(LIB_SRC:%.c=$(B)/%.o)
OBJ       := $(LIB_OBJ) $(CMD_SRC:%.c=$(B)/%.o)
UNIT_OBJ  := $(UNIT_SRC:%.c=$(B)/%.o)
EXAMPLE_OBJ := $(EXAMPLE_LIB:%.c=$(B)/%.o)
TOOL_OBJ  := $(TOOL_LIB:%.c=$(B)/%.o) $(EXAMPLE_OBJ)
SKEL      := $(B)/nk.skel.h
GENERATED := $(SKEL) $(B)/errno_names.h

# Builds use all processors; tests run one after the other, and so do targets.
PARALLEL = --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

Q := $(if $(V),,@)
say = @printf '  %-8s %s\n' '$(1)' '$(2)'

.DELETE_ON_ERROR:
.PHONY: all static static-test image deb deb-test dist check check-build lint asan fuzz fuzz-test fuzz-cover test soak demo demo-sockets bench bench-chart qemu selftests spec spec-mutants lab lab-build deps format install uninstall clean help
.SECONDARY:

all: | $(B)/deps-build ## build/nk-cni, the plugin
	$(Q)$(MAKE) $(PARALLEL) $(B)/nk-cni

# --- packages ---------------------------------------------------------------------------------
# deps writes nothing into build/, so that root may run it before another user runs make.
# One stamp a group; test/deps lists what is missing and installs it.
$(B)/deps-%: test/deps test/lab/host-packages
	@mkdir -p $(B)
	$(Q)test/deps $*
	@touch $@

deps: ## list and install the Debian packages that are missing
	$(Q)test/deps build check tools static fuzz lint lab

# --- the plugin -------------------------------------------------------------------------------
BPF_CC     = clang -O2 -g '-ffile-prefix-map=$(CURDIR)=.' -target bpf -mcpu=v2 -Wall -Wextra -Werror \
	     -I/usr/include/$(shell gcc -print-multiarch)

# Linked by bpftool, which keeps BTF and leaves DWARF out.
$(B)/nk.bpf.o: bpf/nk.bpf.c bpf/neigh.bpf.h bpf/vlan.bpf.h bpf/nk_shared.h Makefile | $(B)/deps-build
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(BPF_CC) -c $< -o $(@:.o=.tmp)
	$(Q)bpftool gen object $@ $(@:.o=.tmp)

$(SKEL): $(B)/nk.bpf.o
	$(call say,SKEL,$@)
	$(Q)bpftool gen skeleton $< name nk_bpf > $@

$(B)/errno_names.h: Makefile | $(B)/deps-build $(if $(STATIC),$(ROOT))
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)echo '#include <linux/errno.h>' | $(CC) $(NK_CFLAGS) -E -dM - | \
		sed -n 's/^#define \(E[A-Z0-9]*\) [0-9]*$$/[\1] = "\1",/p' | sort > $@

$(B)/%.o: %.c Makefile | $(B)/deps-build $(GENERATED) $(if $(STATIC),$(ROOT))
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(NK_CFLAGS) $(INCLUDES) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(SAN) -MMD -MP \
		-c $< -o $@

# A runtime may give us 64 KiB of stack. Not with sanitizers, whose frames are larger.
$(OBJ): NK_CFLAGS += $(if $(SAN),,-Werror=frame-larger-than=16384)

$(B)/lib/bpffs/prog.o: $(SKEL)

$(B)/nk-cni: $(OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $^ -o $@ $(PKG_LIBS)

# --- the static executable --------------------------------------------------------------------
static: DIR = $(B)/static$(CROSS:%=-%)
static: | $(B)/deps-build $(B)/deps-static $(CROSS:%=$(B)/deps-%) ## build/static/nk-cni: one small file with its libraries; ARCH=arm64: build/static-arm64
	$(Q)$(MAKE) $(PARALLEL) B=$(DIR) STATIC=1 $(DIR)/nk-cni

$(ROOT): test/static/libs | $(B)/deps-static
	$(Q)test/static/libs $@ $(ARCH)

static-test: static
	$(Q)test/count static test/static/run
	$(Q)test/count static-spec cni-spec-tests/protocol/run $(B)/static/nk-cni

# --- what is released -------------------------------------------------------------------------
DIST      := $(B)/dist
IMAGES    := amd64 arm64

image: | $(B)/deps-package ## build/dist: an image with the static executable alone, for two architectures, as an OCI archive
	$(Q)for arch in $(IMAGES); do $(MAKE) --no-print-directory static ARCH=$$arch || exit 1; done
	@mkdir -p $(DIST)
	$(call say,IMAGE,$(DIST)/nk-cni-$(VERSION).oci.tar)
	$(Q)conf/package/image $(DIST)/nk-cni-$(VERSION).oci.tar '$(VERSION)' $(foreach arch,$(IMAGES),$(arch)=$(B)/static$(patsubst %,-%,$(filter-out $(MACHINE),$(arch)))/nk-cni)

deb: $(B)/nk-cni | $(B)/deps-package ## build/dist: a Debian package for this Debian and later ones
	$(call say,DEB,$(DIST))
	$(Q)conf/package/deb $(DIST) '$(VERSION)' $<

deb-test: deb | $(B)/deps-package ## install, upgrade, remove and purge it in a new Debian 12 (SUITE=trixie: 13); root
	$(Q)conf/package/test $(DIST) $(SUITE)

dist: image deb ## build/dist: all that is released: source, executables, image, package, SBOM, SHA256SUMS
	$(Q)conf/package/dist $(DIST) '$(VERSION)' $(B)

$(UNIT_OBJ) $(B)/test/unit-main: | $(B)/deps-check

$(B)/test/unit-main: $(UNIT_OBJ) $(LIB_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $^ -o $@ $(PKG_LIBS) $(shell pkg-config --libs criterion)

$(B)/test/nk-cni-next: $(filter-out %/lib/bpffs/prog.o,$(OBJ)) $(B)/test/prog-next.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $^ -o $@ $(PKG_LIBS)

$(B)/test/prog-next.o: lib/bpffs/prog.c $(B)/lib/bpffs/prog.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(NK_CFLAGS) $(INCLUDES) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(SAN) \
		-DNK_PROG_VERSION=4294967295 -c $< -o $@

$(B)/test/policy.o: conf/policy.bpf.c | $(B)/deps-build
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(BPF_CC) -c $< -o $@

$(TOOL_MAIN:test/tools/%.c=$(B)/test/%): $(B)/test/%: $(B)/test/tools/%.o $(TOOL_OBJ)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $(filter-out $(NOT_LINKED),$^) -o $@ $(TOOL_LIBS)

$(B)/test/%: TOOL_LIBS = -Wl,--as-needed $(PKG_LIBS)
# Our bpf.c has functions of libbpf's names, which libxdp would then call.
NO_BPF = %/bpf.o %/pause.o %/calls.o
$(B)/test/libxdp: NOT_LINKED = $(NO_BPF)
$(B)/test/libxdp: TOOL_LIBS = $(PKG_LIBS) $(shell pkg-config --libs libxdp)
# These are run thousands of times, and the dynamic loader is half of what they cost.
$(B)/test/ledger $(B)/test/fault: NOT_LINKED = $(filter-out %/bpf.o %/calls.o %/cli.o %/pause.o,$(TOOL_OBJ))
$(B)/test/ledger $(B)/test/fault: TOOL_LIBS = -static -no-pie
$(B)/test/tools/libxdp.o: | $(B)/deps-tools

$(EXAMPLES): $(B)/test/%: $(B)/conf/examples/%.o $(EXAMPLE_OBJ)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $^ -o $@ $(PKG_LIBS)

# --- the bench --------------------------------------------------------------------------------
$(addprefix $(B)/test/,pass.o redirect.o peer.o): $(B)/test/%.o: test/bench/%.bpf.c | $(B)/deps-build
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(BPF_CC) -c $< -o $@

$(B)/test/bench/%.skel.h: $(B)/test/%.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@)
	$(Q)bpftool gen skeleton $< name $*_bpf > $@

$(BENCH).o: $(SKEL) $(addprefix $(B)/test/bench/,pass.skel.h redirect.skel.h policy.skel.h)

# Without bpf.o, whose few functions have names of libbpf's.
$(BENCH): $(BENCH).o $(filter-out $(NO_BPF),$(TOOL_OBJ))
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $^ -o $@ $(PKG_LIBS)

$(PEER).o: $(B)/test/bench/peer.skel.h

$(PEER): $(PEER).o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $^ -o $@ $(PKG_LIBS)

$(METER): $(METER).o $(B)/test/tools/cli.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $^ -o $@

# What nk-cni is compared with; "bench" links it statically, as nk-cni is.
$(BARE): %: %.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $^ -o $@ $(PKG_LIBS)

-include $(BENCH).d $(PEER).d $(METER).d $(BARE:%=%.d) $(OBJ:.o=.d) $(UNIT_OBJ:.o=.d) $(TOOL_OBJ:.o=.d) $(FUZZ_OBJ:.o=.d) \
	$(TOOL_MAIN:%.c=$(B)/%.d) $(EXAMPLE_SRC:%.c=$(B)/%.d)

# --- tests ------------------------------------------------------------------------------------
check-build: $(B)/test/unit-main $(TOOLS) $(EXAMPLES) $(B)/nk-cni

check: | $(B)/deps-build $(B)/deps-check $(B)/deps-tools ## unit and protocol tests: no root; 1 to 3 minutes from scratch, then seconds
	$(Q)$(MAKE) $(PARALLEL) check-build
	$(Q)dir=$$(mktemp -d) && TMPDIR=$$dir test/count check $(B)/test/unit-main --jobs 2 --short-filename && rmdir "$$dir"
	$(Q)test/count tools $(B)/test/wire selftest
	$(Q)test/count tools-tcp $(B)/test/tcp selftest
	$(Q)test/count spec cni-spec-tests/protocol/run $(B)/nk-cni
	$(Q)test/count conform cni-spec-tests/conform --no-root --plugin $(B)/nk-cni \
		--profile cni-spec-tests/profiles/nk-cni.json
	$(Q)test/count conform-selftest cni-spec-tests/selftest
	$(Q)test/count mutants cni-spec-tests/mutate --check
	$(Q)test/count docs test/docs $(B)/nk-cni
	$(Q)test/count nfd test/nfd

# With -O1 this takes two thirds of the time to build.
ASAN = B=$(B)/asan SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' CFLAGS='-O1 -g'

asan: | $(B)/deps-build $(B)/deps-check ## unit tests under address, leak and undefined behaviour sanitizers
	$(Q)$(MAKE) $(PARALLEL) $(ASAN) $(B)/asan/test/unit-main
	$(Q)$(MAKE) --no-print-directory $(ASAN) asan-run

# A leak must fail the run although Criterion hides its exit status: abort_on_error does that,
# and test/unit/leak-selftest.sh proves it each time. One job: with two libcriterion leaks itself.
ASAN_ENV := ASAN_OPTIONS=abort_on_error=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
.PHONY: asan-run
asan-run: $(B)/test/unit-main
	$(Q)$(ASAN_ENV) test/count asan $< --jobs 1 --short-filename
	$(Q)$(ASAN_ENV) test/count leak test/unit/leak-selftest.sh $(CC) $(NK_CFLAGS) $(CFLAGS) $(SAN)

# --- fuzzing ----------------------------------------------------------------------------------
# A file fuzz_X.c is a target. The linker puts __wrap_Y() of the other files in the place of Y(), which would ask the
# kernel. Without _FORTIFY_SOURCE, whose functions the sanitizer does not see into. Of warnings gcc is the judge.
FUZZ_TIME ?= 60
FUZZ_RUNS := 20000
FUZZ      = B=$(B)/fuzz CC=clang CFLAGS='-O1 -g -w' \
	SAN='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -U_FORTIFY_SOURCE'
FUZZ_COVER = B=$(B)/fuzz/cover CC=clang CFLAGS='-O1 -g -w' \
	SAN='-fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping'
FUZZ_OBJ  := $(FUZZ_SRC:%.c=$(B)/%.o)
FUZZ_WITH := $(filter-out $(B)/test/fuzz/fuzz_%,$(FUZZ_OBJ))
FUZZ_BIN  := $(patsubst $(B)/test/fuzz/fuzz_%.o,$(B)/bin/%,$(filter-out $(FUZZ_WITH),$(FUZZ_OBJ)))
FUZZ_WRAP = $(shell grep -o '__wrap_[a-z][a-z0-9_]*' test/fuzz/kernel.h | sed 's/__wrap_/-Wl,--wrap=/')

.PHONY: fuzzers
fuzzers: $(FUZZ_BIN)

$(B)/cjson: test/fuzz/cjson | $(B)/deps-fuzz
	$(Q)test/fuzz/cjson $@

$(B)/cjson.o: | $(B)/cjson
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) -fPIE -c $(B)/cjson/cJSON.c -o $@

$(B)/fuzzed.a: $(FUZZ_WITH) $(LIB_OBJ) $(B)/cjson.o
	$(call say,AR,$@)
	$(Q)ar rcsD $@ $^

$(FUZZ_BIN): $(B)/bin/%: $(B)/test/fuzz/fuzz_%.o $(B)/fuzzed.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SAN) -fsanitize=fuzzer $(LDFLAGS) $(FUZZ_WRAP) $^ -o $@ $(filter-out -lcjson,$(PKG_LIBS))

fuzz: | $(B)/deps-build $(B)/deps-fuzz ## fuzz every parser for FUZZ_TIME seconds each; what is found stays in build/fuzz/found
	$(Q)$(MAKE) $(PARALLEL) $(FUZZ) fuzzers
	$(Q)test/fuzz/run $(B)/fuzz --time $(FUZZ_TIME)

fuzz-test: | $(B)/deps-build $(B)/deps-fuzz
	$(Q)$(MAKE) $(PARALLEL) $(FUZZ) fuzzers
	$(Q)test/count fuzz test/fuzz/run $(B)/fuzz --runs $(FUZZ_RUNS)

fuzz-cover: | $(B)/deps-build $(B)/deps-fuzz ## which lines of the parsers the corpus reaches
	$(Q)$(MAKE) $(PARALLEL) $(FUZZ_COVER) fuzzers
	$(Q)test/fuzz/cover $(B)/fuzz/cover

lint: $(GENERATED) | $(B)/deps-check $(B)/deps-lint ## format, clang-tidy, cppcheck, shellcheck, headers, levels, prose
	$(Q)test/count lint test/lint

# A stamp a file. clang does not know gcc's options; warnings are errors here (.clang-tidy).
.PHONY: lint-tidy lint-headers
lint-tidy: $(LIB_SRC:%.c=$(B)/lint/%.tidy) $(CMD_SRC:%.c=$(B)/lint/%.tidy)
$(B)/lint/%.tidy: %.c $(HEADERS) .clang-tidy Makefile
	@mkdir -p $(@D)
	$(Q)clang-tidy-19 --quiet $(TIDY) $< -- $(NK_CFLAGS) $(INCLUDES) $(PKG_CFLAGS) 2>$@.log || \
		{ cat $@.log; exit 1; }
	@touch $@

# The generated skeleton, which clang-tidy cannot be kept out of, frees what this sees leak.
$(B)/lint/lib/bpffs/prog.tidy: TIDY := --checks=-clang-analyzer-unix.Malloc

lint-headers: $(filter-out lib/base/banned.h,$(HEADERS:%=$(B)/lint/%.ok))
$(B)/lint/%.ok: % Makefile
	@mkdir -p $(@D)
	$(Q)printf '#include <linux/types.h>\n#include "$<"\n' | $(CC) $(NK_CFLAGS) $(INCLUDES) -I. $(PKG_CFLAGS) \
		-Werror -fsyntax-only -x c -
	@touch $@

format: | $(B)/deps-lint ## reformat all C files
	$(Q)clang-format-19 -i $(C_FILES) $(HEADERS) bpf/*.c test/lab/*.c

lab-build: | $(B)/deps-lab ## make the lab's kernel, root file system, NIC, CNI tools, DPDK, containerd
	$(Q)$(LAB) build --with-cni-tools --with-dpdk --with-managers --with-libvirt --with-containerd

lab: $(B)/nk-cni $(TOOLS) | $(B)/deps-lab ## a shell on the lab's kernel
	$(Q)$(LAB) shell

demo: $(B)/nk-cni $(TOOLS) | $(B)/deps-lab ## the main job, on a real kernel, on one screen
	$(Q)$(LAB) run --timeout 120 -- test/demo

demo-sockets: $(B)/nk-cni $(B)/test/netdev $(B)/test/zcrx-echo | $(B)/deps-lab ## the same for TCP servers: io_uring zero copy
	$(Q)$(LAB) run --timeout 120 -- test/demo-sockets

spec: $(B)/nk-cni | $(B)/deps-lab ## nk-cni and Debian's plugins against the CNI specification, as a table
	$(Q)mkdir -p $(B)/spec
	$(Q)$(LAB) run --with-cni-plugins --timeout 7200 -- cni-spec-tests/in-lab $(B)/nk-cni $(B)/spec

# The tree's own copies are built, so $(B)/nk-cni is not needed. What takes no root is quick here.
spec-mutants: | $(B)/deps-build $(B)/deps-lab ## test the specification's tests: does each planted bug make one of them fail?
	$(Q)cni-spec-tests/mutate --out $(B)/mutants
	$(Q)cni-spec-tests/mutate --no-root $(B)/mutants
	$(Q)$(LAB) run --timeout 7200 -- bash -c 'insmod "$$LABNIC_KO" && ip link set ln0 up && \
		ip link set ln1 up && exec cni-spec-tests/mutate --rest $(B)/mutants'

BENCH_TOOLS = $(BENCH) $(PEER) $(METER) $(B)/nk-cni $(patsubst %,$(B)/test/%,netdev tcp wire xdpprog xsk)

bench: $(BENCH_TOOLS) static | $(B)/deps-lab ## measure time and memory of nk-cni and other plugins; prints a table, writes build/bench/bench.json
	$(Q)$(MAKE) --no-print-directory B=$(B)/static STATIC=1 $(BARE:$(B)/%=$(B)/static/%)
	$(Q)test/bench/all

bench-chart: | $(B)/deps-check ## its main figures as a picture: build/bench/bench.svg
	$(Q)test/bench/chart $(B)/bench/bench.json >$(B)/bench/bench.svg

test: export NK_TEST_STRICT = 1 # a skip is a failure
# The lab and musl's libraries are made meanwhile, which waits for the network for much of its time. If that
# fails, the tests try again, and say why. Lint runs beside the other tests that boot no VM, for these keep only one
# processor busy much of the time. A part that fails keeps no other one from running.
test: ## everything: unit tests, lint, sanitizers, lab; what CI runs
	$(Q)rm -rf $(B)/counts $(B)/failures
	$(Q)$(MAKE) --no-print-directory deps $(patsubst %,$(B)/deps-%,build check tools static fuzz lint lab)
	$(Q){ test/suite/host --build; $(MAKE) B=$(B)/static STATIC=1 $(B)/static/root; } >$(B)/lab.log 2>&1 &
	$(Q)$(MAKE) $(PARALLEL) $(GENERATED)
	$(Q)failed=; \
	$(MAKE) --no-print-directory lint >$(B)/lint.log 2>&1 & lint=$$!; \
	$(MAKE) --no-print-directory -k check asan static-test fuzz-test || failed=1; \
	wait $$lint || failed=1; \
	cat $(B)/lint.log; \
	{ $(MAKE) $(PARALLEL) $(B)/nk-cni $(TOOLS) && test/suite/host; } || failed=1; \
	test/count --sum && [ ! "$$failed" ]

soak: $(B)/nk-cni $(TOOLS) static | $(B)/deps-lab ## the lab tests with full counts; goes on where it stopped
	$(Q)test/suite/host --soak

qemu: $(B)/nk-cni $(TOOLS) $(EXAMPLES) | $(B)/deps-lab ## guests on a Pod's queues; first builds QEMU, 10 minutes
	$(Q)test/qemu/run

selftests: $(B)/nk-cni $(TOOLS) | $(B)/deps-lab ## the kernel's own iou-zcrx and ncdevmem with Pods of ours; first builds them, a download of 250 MB
	$(Q)$(LAB) run --with-selftests --timeout 1800 -- test/suite/run selftests.cases

# Only this object knows the version: a commit builds no other one again.
$(B)/cmd/nk-cni/version.o: $(B)/version
.PHONY: force
$(B)/version: force
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

# --- installing -------------------------------------------------------------------------------
# By rename: a runtime may be executing the old one.
PLUGIN    ?= $(B)/nk-cni
install: $(PLUGIN) ## into DESTDIR, CNI_BIN_DIR (/opt/cni/bin) and MAN_DIR (/usr/local/share/man)
	install -D -m 0755 $< $(DESTDIR)$(CNI_BIN_DIR)/.nk-cni.new
	mv -f $(DESTDIR)$(CNI_BIN_DIR)/.nk-cni.new $(DESTDIR)$(CNI_BIN_DIR)/nk-cni
	install -D -m 0644 cmd/nk-cni/nk-cni.8 $(DESTDIR)$(MAN_DIR)/man8/nk-cni.8

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(CNI_BIN_DIR)/nk-cni $(DESTDIR)$(MAN_DIR)/man8/nk-cni.8

clean: ## remove build/; the lab's cache is elsewhere and stays
	rm -rf $(B)

help: ## this text
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
