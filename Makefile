# transform: pandas scripts on PostgreSQL tables, in a confined process.
# `make help` lists what one can ask for.  This file only says what belongs
# together; the work is done by scripts/, extension/Makefile (PGXS) and
# sandbox_host/Makefile.

TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
BUILD ?= $(TOP)/build
override BUILD := $(abspath $(BUILD))
S := BUILD='$(BUILD)' PG_CONFIG='$(PG_CONFIG)' SAN='$(SAN)' WHEELS='$(WHEELS)' $(if $(DOWNLOADS),DOWNLOADS='$(DOWNLOADS)') $(TOP)/scripts

# Which server: PG_CONFIG, or the first Debian one that has its headers.
PG_CONFIG ?=
pg_config = $(or $(PG_CONFIG),$(shell $(S)/find-server.sh))
pkglibdir = $(shell $(pg_config) --pkglibdir)
bindir = $(shell $(pg_config) --bindir)
version = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(TOP)/control/transform.control)
VENV = $(or $(shell cat $(BUILD)/run-folder 2>/dev/null),$(BUILD))/venv

# The two builds; V=1 shows their commands.
sub = $(MAKE) $(if $(V),,-s) --no-print-directory
jobs = $(shell nproc)
ext = -C $(BUILD)/ext -f $(TOP)/extension/Makefile PG_CONFIG=$(pg_config)
host = -C $(TOP)/sandbox_host O=$(BUILD)/host VERSION=$(version) SAN=

# With SAN the broker is an instrumented program, and its workers are the usual
# one, in a folder of its own.
ifneq ($(SAN),)
plain = $(bindir)/plain
host_san = -C $(TOP)/sandbox_host O=$(BUILD)/host-san VERSION=$(version) SAN=$(SAN) \
	TEMPLATE_PROGRAM=$(dir $(VENV))pg$(plain)/sandbox_host FINDINGS=$(dir $(VENV))findings
endif

# Lengths of the long runs; what `make check` uses of them stands in
# scripts/run-tests.sh.
CORPUS ?= $(TOP)/test/corpus
WALLS_OFF ?=
LIMITS ?= full
ROUNDS ?= 200
TRIES ?= 10000
RUNS ?= 10000000
BENCH_ROUNDS ?= 5
PARTS ?=
ROWS ?= 2000000
ROWS_BIG ?= 20000000

.DEFAULT_GOAL := build
.PHONY: help setup venv build module host install install-files uninstall temp-install \
	demo demo-psql demo-stop play check check-style asan corpus bench bench-plot crash hostile fuzz roundtrip \
	jwt-vectors jwt-bench login-force \
	windows check-windows crash-windows clean

help:
	@echo 'make demo          install what is needed, build, run a real job on real data'
	@echo 'make check         build and run every test'
	@echo
	@echo 'make demo-psql     psql on the demo;  make demo-stop stops it'
	@echo 'make play          a server with a small seed database, and psql on it'
	@echo 'make build         build only (setup installs what that takes)'
	@echo 'make install       into the server of PG_CONFIG ($(or $(pg_config),none found))'
	@echo 'make clean         stop every cluster of this folder and remove all that was built'
	@echo
	@echo 'make corpus CORPUS=FOLDER [WALLS_OFF=language,imports]   scripts that attack, and scripts that must work'
	@echo 'make bench [PARTS="small sales"] [ROWS=2000000]          speed and memory, ours and of what people use instead'
	@echo 'make bench-plot [RECORD=build/bench/latest.json]         draws the picture of the README from a run'
	@echo 'make crash ROUNDS=200                                    kill -9 at random moments'
	@echo 'make hostile ROUNDS=2000 [SEED=n] [ONLY=...]             a taken-over worker against the server'
	@echo 'make roundtrip ROWS=1000000 [SEED=n] [ONLY=times]        every type there and back: no value may differ'
	@echo 'make fuzz RUNS=10000000                                  the frame decoder under libFuzzer'
	@echo 'make jwt-vectors VECTORS=FOLDER                          tokens against the RFCs and the testvectors_v1 of Wycheproof'
	@echo 'make jwt-bench                                           how many tokens a core verifies in a second'
	@echo 'make login-force [TRIES=10000]                           wrong passwords against one account'
	@echo 'make asan          every test once on a server built with AddressSanitizer'
	@echo 'make check-style   the style checks alone'
	@echo
	@echo 'make windows                                             the Windows package, one zip (root, for a chroot)'
	@echo 'make check-windows [SUITES="host regress-17m"]           every test that can run under Wine'
	@echo 'make crash-windows ROUNDS=50                             kill processes of both Windows builds at random moments'

# ---- build

setup:
	@$(S)/setup-debian.sh
	@$(S)/venv.sh

build: module host

module:
	@mkdir -p $(BUILD)/ext
	@$(sub) -j$(jobs) $(ext) SAN=$(SAN)

host:
	@$(sub) -j$(jobs) $(host)
	@$(if $(SAN),$(sub) -j$(jobs) $(host_san))

# ---- install

install: setup
	@$(MAKE) --no-print-directory build install-files
	@echo "Installed.  Next, in postgresql.conf: shared_preload_libraries = 'transform'; restart; CREATE EXTENSION transform;"

# LINK_VENV=yes links the virtual environment instead of copying it (250 MB).
install-files:
	@$(sub) $(ext) install SAN=$(SAN) DESTDIR=$(DESTDIR)
	@$(sub) $(host) install DESTDIR=$(DESTDIR) bindir=$(or $(plain),$(bindir)) drvdir=$(pkglibdir)/transform/python
	@$(if $(SAN),$(sub) $(host_san) install DESTDIR=$(DESTDIR) bindir=$(bindir) drvdir=$(pkglibdir)/transform/python)
	@rm -rf $(DESTDIR)$(pkglibdir)/transform/venv
	@$(if $(LINK_VENV),ln -s,cp -a) $(VENV) $(DESTDIR)$(pkglibdir)/transform/venv

uninstall:
	@mkdir -p $(BUILD)/ext
	@$(sub) $(ext) uninstall DESTDIR=$(DESTDIR)
	rm -rf $(DESTDIR)$(pkglibdir)/transform $(DESTDIR)$(bindir)/sandbox_host

temp-install: setup
	@$(MAKE) --no-print-directory build
	+@$(S)/temp-install.sh

# ---- run

demo: temp-install
	@$(S)/demo.sh

demo-psql:
	@$(S)/demo.sh psql

demo-stop:
	@$(S)/demo.sh stop

play: temp-install
	@$(S)/play.sh

# ---- test

check:
	@$(S)/setup-debian.sh check
	@$(MAKE) --no-print-directory temp-install
	@$(S)/run-tests.sh $(SUITES)

check-style:
	@$(S)/check-style.sh

# The server, the module, the unit tests and the fuzzers under the sanitizers;
# a confined worker cannot be, since that needs calls and memory that its walls
# refuse.  Leaks: a process that ends leaves its memory to the system.
asan:
	@$(S)/setup-debian.sh check
	@BUILD='$(BUILD)/asan' $(TOP)/scripts/asan-server.sh
	+@ASAN_OPTIONS=detect_leaks=0 $(MAKE) --no-print-directory check BUILD=$(BUILD)/asan SAN=address \
		PG_CONFIG=$(BUILD)/asan/server/bin/pg_config

corpus: temp-install
	@$(S)/with-python.sh test/corpus_run/run.py --limits $(LIMITS) --walls-off '$(WALLS_OFF)' '$(CORPUS)'

bench: temp-install
	@$(S)/bench-setup.sh
	@$(S)/with-python.sh test/bench/run.py --rows $(ROWS) --rows-big $(ROWS_BIG) --rounds $(BENCH_ROUNDS) --parts '$(PARTS)'

# The picture of the README, from what `make bench` wrote.
bench-plot: setup
	@$(S)/with-python.sh test/bench/plot.py $(RECORD)


crash: temp-install
	@$(S)/with-python.sh test/crash/run.py --rounds $(ROUNDS)

roundtrip: temp-install
	@$(S)/with-python.sh test/roundtrip/run.py --rows $(ROWS) $(if $(SEED),--seed $(SEED)) $(if $(EACH),--each) --only '$(ONLY)'

hostile: temp-install
	@$(S)/with-python.sh test/hostile/run.py --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED)) --only '$(ONLY)'

fuzz:
	@$(S)/setup-debian.sh check
	@$(S)/fuzz.sh $(RUNS)

jwt-vectors:
	@$(S)/setup-debian.sh check
	@$(S)/jwt.sh vectors $(if $(VECTORS),'$(abspath $(VECTORS))')

jwt-bench:
	@$(S)/setup-debian.sh check
	@$(S)/jwt.sh bench
	@$(MAKE) --no-print-directory temp-install
	@$(S)/with-python.sh test/jwt/sql_bench.py

login-force: temp-install
	@$(S)/with-python.sh test/jwt/force.py --tries $(TRIES)

# ---- Windows, built and tried under Wine: scripts/windows/README.md

windows:
	@$(S)/windows/setup.sh
	@$(S)/windows/build.sh
	@$(S)/windows/package.sh

check-windows:
	@$(S)/setup-debian.sh check
	@$(S)/venv.sh
	@$(S)/windows/check.sh $(SUITES)

crash-windows:
	@$(S)/setup-debian.sh check
	@$(S)/venv.sh
	@CRASH_ROUNDS=$(ROUNDS) SUITE_SECONDS=7200 LANES=2 $(S)/windows/check.sh crash-17 crash-17m

clean:
	@$(S)/clean.sh
