# SPDX-License-Identifier: MIT
# One file, not recursive: what you may change; what we decide; programs;
# generated files; tests; checks; running and installing.
#
#   make          build everything into build/bin
#   make run      install what is missing, build, and serve until Ctrl-C
#   make test     install what is missing, test tools too, and run every test
#   make deps     install what building and running wants; deps-test: what tests want
#   make unit     unit tests; http, fault: through lighttpd; fuzz; bench; soak
#   make check    layers, format, clang-tidy, shellcheck, documents; report: what else was found
#   make docs     write what the programs say of themselves into docs/
#   make install  DESTDIR=, PREFIX=, SYSCONFDIR=, LOCALSTATEDIR=; uninstall
#   make deb      a Debian package in build/deb; check-deb, check-image: install and run it
#   make help     this list
#
#   VARIANT=asan in front of any of these: with AddressSanitizer and UBSan

# ---- what you may change ----------------------------------------------------

CC       ?= cc
CFLAGS   ?= -O2 -g
CPPFLAGS ?=
LDFLAGS  ?=
PREFIX        ?= /usr
SYSCONFDIR    ?= /etc
LOCALSTATEDIR ?= /var
DESTDIR       ?=
# release, asan (every test runs with it) or fuzz (clang's libFuzzer)
VARIANT  ?= release

# ---- what we decide ---------------------------------------------------------

VERSION  := 1.0.0
SERVICES := errors logs metrics relay

OUT      := build/$(VARIANT)
BIN      := $(if $(filter release,$(VARIANT)),build/bin,$(OUT)/bin)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wwrite-strings -Wcast-qual -Wpointer-arith -Wundef -Wvla -Wformat=2
OURS := -std=gnu11 -D_GNU_SOURCE $(WARN) -Ifcgi/common -I$(OUT)/gen -DMONLIGHT_VERSION='"$(VERSION)"' \
        -fno-strict-aliasing -ffunction-sections -fdata-sections
ifeq ($(VARIANT),release)
OURS += -Werror -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LINK := -pie -Wl,-z,relro,-z,now -Wl,--as-needed -Wl,--gc-sections
endif
ifeq ($(VARIANT),asan)
SANITIZE := -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=undefined,float-cast-overflow -fno-omit-frame-pointer
OURS += $(SANITIZE) -DMONLIGHT_DEBUG
LINK := $(SANITIZE)
endif
ifeq ($(VARIANT),fuzz)
CC   := clang
OURS += -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize-recover=undefined,float-cast-overflow -DMONLIGHT_DEBUG
LINK := -fsanitize=fuzzer,address,undefined,float-cast-overflow
endif

LIBS_COMMON  := -lcjson -lsqlite3 -lnettle -lz -lzstd
LIBS_FCGI    := -lfcgi
LIBS_errors  :=
LIBS_logs    := -lpcre2-8
LIBS_metrics :=
LIBS_relay   :=
LIBS_indexer := -lpcre2-8
LIBS_deliver :=

PROGRAMS := $(SERVICES:%=$(BIN)/monlight-%) $(BIN)/monlight-indexer
ifneq ($(wildcard fcgi/logs/tail_main.c),)
PROGRAMS += $(BIN)/monlight-tail
endif
ifneq ($(wildcard indexer/deliver_main.c),)
PROGRAMS += $(BIN)/monlight-deliver
endif

.DEFAULT_GOAL := all
.PHONY: all
all: $(PROGRAMS)

# ---- programs ---------------------------------------------------------------

# A main file holds main() and nothing another program wants.
MAINS := $(wildcard fcgi/*/main.c fcgi/*/*_main.c indexer/main.c indexer/*_main.c)
sources = $(filter-out $(MAINS),$(sort $(wildcard $(1)/*.c)))
objects = $(patsubst %.c,$(OUT)/%.o,$(call sources,$(1)))

COMMON_A := $(OUT)/libcommon.a
# fcgi.o and fcgi_mux.o lie in the archive too: only a program that calls them pulls them in.
$(COMMON_A): $(call objects,fcgi/common)
INDEXER_A := $(OUT)/libindexer.a
$(INDEXER_A): $(call objects,indexer)

define service_rules
$(OUT)/lib$(1).a: $(call objects,fcgi/$(1)) $(OUT)/gen/$(1)_schema.o
$(OUT)/gen/$(1)_schema.c: $(sort $(wildcard fcgi/$(1)/schema/*.sql)) $(wildcard fcgi/common/*.sql) fcgi/common/sql2c.awk
	@mkdir -p $$(@D)
	awk -v name=$(1) -f fcgi/common/sql2c.awk $$(filter fcgi/$(1)/%.sql,$$^) > $$@.new && mv $$@.new $$@
$(BIN)/monlight-$(1): $(OUT)/fcgi/$(1)/main.o $(OUT)/lib$(1).a $(COMMON_A)
	@mkdir -p $$(@D)
	@echo "ld $$@"
	@$$(CC) $$(LINK) $$(LDFLAGS) -o $$@ $$^ $$(LIBS_FCGI) $$(LIBS_$(1)) $$(LIBS_COMMON) -lm
endef
$(foreach s,$(SERVICES),$(eval $(call service_rules,$(s))))

# Services' archives come after the indexer's: it calls their stores and pure modules.
SERVICE_A := $(SERVICES:%=$(OUT)/lib%.a)
$(BIN)/monlight-indexer: $(OUT)/indexer/main.o $(INDEXER_A) $(SERVICE_A) $(COMMON_A)
	@mkdir -p $(@D)
	@echo "ld $@"
	@$(CC) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS_indexer) $(LIBS_COMMON) -lm
$(BIN)/monlight-deliver: $(OUT)/indexer/deliver_main.o $(INDEXER_A) $(SERVICE_A) $(COMMON_A)
	@mkdir -p $(@D)
	@echo "ld $@"
	@$(CC) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS_deliver) $(LIBS_COMMON) -lm
$(BIN)/monlight-tail: $(OUT)/fcgi/logs/tail_main.o $(OUT)/liblogs.a $(COMMON_A)
	@mkdir -p $(@D)
	@echo "ld $@"
	@$(CC) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS_FCGI) $(LIBS_logs) $(LIBS_COMMON) -lm

%.a:
	@rm -f $@
	@$(AR) rcs $@ $^

$(OUT)/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(CC) $(CPPFLAGS) $(OURS) -I$(<D) $(if $(filter indexer/%,$<),$(SERVICES:%=-Ifcgi/%)) $(CFLAGS) -MMD -MP -c -o $@ $<
$(OUT)/gen/%.o: $(OUT)/gen/%.c $(OUT)/flags
	@$(CC) $(CPPFLAGS) $(OURS) -Wno-overlength-strings $(CFLAGS) -c -o $@ $<

# Everything is rebuilt when the flags change.
FLAGS := $(CC) $(CPPFLAGS) $(OURS) $(CFLAGS)
$(OUT)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || echo '$(subst ','\'',$(FLAGS))' > $@
.PHONY: FORCE
FORCE:

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
.SECONDARY:

# ---- tests ------------------------------------------------------------------

UNIT_C := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT   := $(UNIT_C:tests/unit/%.c=$(OUT)/tests/unit/%)
unit_service = $(filter $(SERVICES),$(patsubst tests/unit/%/,%,$(dir $(1))))
unit_indexer = $(filter indexer,$(patsubst tests/unit/%/,%,$(dir $(1))))

define unit_rule
$(OUT)/$(1:.c=): $(1) $(if $(unit_indexer),$(INDEXER_A) $(SERVICE_A),$(patsubst %,$(OUT)/lib%.a,$(unit_service))) $(COMMON_A)
	@mkdir -p $$(@D)
	@echo "cc $$<"
	@$$(CC) $$(CPPFLAGS) $$(OURS) -I. $(if $(unit_indexer),-Iindexer $(SERVICES:%=-Ifcgi/%),$(unit_service:%=-Ifcgi/%)) $$(CFLAGS) $$(LINK) -o $$@ $$^ -lcmocka $(if $(unit_indexer),$(LIBS_indexer) $(LIBS_deliver)) $(foreach s,$(unit_service),$(LIBS_$(s))) $$(LIBS_COMMON) -lm
endef
$(foreach t,$(UNIT_C),$(eval $(call unit_rule,$(t))))

.PHONY: unit
unit: $(UNIT)
	@for t in $(UNIT); do echo "$$t"; $$t || exit 1; done

FUZZ_C := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ   := $(FUZZ_C:tests/fuzz/%.c=$(OUT)/tests/fuzz/%)
FUZZ_SECONDS ?= 60
$(OUT)/tests/fuzz/%: tests/fuzz/%.c $(INDEXER_A) $(SERVICE_A) $(COMMON_A)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(OURS) $(SERVICES:%=-Ifcgi/%) -Iindexer $(CFLAGS) $(LINK) -o $@ $^ $(LIBS_indexer) $(LIBS_deliver) $(LIBS_COMMON) -lm

.PHONY: fuzz fuzz-run
fuzz:
	$(MAKE) VARIANT=fuzz fuzz-run
fuzz-run: $(FUZZ)
	tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ)

# Tools of Node and Python, locked, in the checkout alone; the rules are below.
NODE_STAMP := build/node.stamp
VENV       := build/venv

# Against the programs of this VARIANT.  A worker of pytest has a stack of its own.
PYTEST := MONLIGHT_BIN=$(abspath $(BIN)) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q
HTTP_WORKERS ?= 2
FAULT_WORKERS ?= 3
# How long responders are killed, how often one is told to end, how long the stack is away.
KILL_SECONDS ?= 60
TERM_TRIALS ?= 300
OUTAGE_SECONDS ?= 60

.PHONY: http fault bench
http: all $(VENV)/stamp
	$(PYTEST) -n $(HTTP_WORKERS) tests/http tests/ops
# A few at a time, for they mostly wait; then one by one those that measure, with what they print.
# The list budget wants the debug build besides.
FAULT = MONLIGHT_KILL_SECONDS=$(KILL_SECONDS) MONLIGHT_TERM_TRIALS=$(TERM_TRIALS) \
	MONLIGHT_OUTAGE_SECONDS=$(OUTAGE_SECONDS) $(PYTEST)
fault: all $(VENV)/stamp
	$(MAKE) VARIANT=asan all
	$(FAULT) -n $(FAULT_WORKERS) -m "not alone" tests/fault
	$(FAULT) -s -m alone tests/fault
# An hour of everything at once while everything goes wrong; the report goes to docs/soak.md.
MINUTES ?= 60
.PHONY: soak
soak: all $(VENV)/stamp
	$(MAKE) VARIANT=asan all
	MONLIGHT_BIN=$(abspath build/asan/bin) MINUTES=$(MINUTES) PYTHONDONTWRITEBYTECODE=1 tests/soak/run
# Prints each figure beside its budget and writes them all into docs/benchmarks.md.
bench: all $(VENV)/stamp $(NODE_STAMP)
	tests/bench/report

$(NODE_STAMP): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@
$(VENV)/stamp: tests/requirements.txt
	/usr/bin/python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# The Python SDK: its tests with the share of lines they reach, and its types.
.PHONY: python-sdk
python-sdk: $(VENV)/stamp
	cd sdks/python && $(abspath $(VENV))/bin/mypy
	cd sdks/python && PYTHONPATH=src PYTHONDONTWRITEBYTECODE=1 $(abspath $(VENV))/bin/python -m coverage run \
		--data-file=$(abspath $(VENV))/coverage -m pytest -q -p no:cacheprovider
	cd sdks/python && $(abspath $(VENV))/bin/python -m coverage report \
		--data-file=$(abspath $(VENV))/coverage --fail-under=90

# Tabs that are closed, and pages left, to see whether their last vitals arrive; 200 say more.
SDK_CLOSES ?= 30

.PHONY: browser
browser: all $(NODE_STAMP)
	SDK_CLOSES=$(SDK_CLOSES) MONLIGHT_BIN=$(abspath $(BIN)) npm run --silent test:browser

# Everything.  Programs under test are those with the sanitizers, but for what measures.
JOBS ?= $(shell nproc)
.PHONY: test
test: deps-test
	$(MAKE) -j$(JOBS) all
	$(MAKE) -j$(JOBS) VARIANT=asan all
	$(MAKE) -j$(JOBS) check
	$(MAKE) -j$(JOBS) VARIANT=asan unit
	$(MAKE) python-sdk
	$(MAKE) VARIANT=asan http
	$(MAKE) VARIANT=asan KILL_SECONDS=12 TERM_TRIALS=100 OUTAGE_SECONDS=4 fault
	$(MAKE) sdk-browser-test
	$(MAKE) browser

# ---- the browser SDK --------------------------------------------------------

# The npm package in sdks/browser/dist, and what the relay serves under /sdk/.  Part of
# `make` wherever there is npm; `make SDK=no` does without.
SDK ?= $(if $(shell command -v npm 2>/dev/null),yes,no)
SDK_BROWSER := build/sdk/monlight-$(VERSION).integrity.json

.PHONY: sdk-browser sdk-browser-test
sdk-browser: $(SDK_BROWSER)
$(SDK_BROWSER): $(wildcard sdks/browser/src/*.ts) $(wildcard sdks/browser/*.json) sdks/browser/build.mjs $(NODE_STAMP)
	@echo "build $@"
	@node sdks/browser/build.mjs
	@touch $@
ifeq ($(SDK),yes)
all: sdk-browser
endif
sdk-browser-test: sdk-browser
	npm run --silent test:types
	npm run --silent test:unit -- sdks/browser

# ---- checks -----------------------------------------------------------------

C_FILES  := $(sort $(wildcard fcgi/*/*.[ch] indexer/*.[ch] tests/unit/*.h tests/unit/*/*.[ch] tests/fuzz/*.[ch]))
SH_FILES := $(sort $(shell git grep -lE '^#!/bin/(ba)?sh' -- . ':!html/vendor' 2>/dev/null))
TIDY     := $(patsubst %.c,$(OUT)/tidy/%,$(filter-out tests/%,$(filter %.c,$(C_FILES))))

.PHONY: check layers format format-check tidy shell report python-check script-check docs docs-check
# Errors: layers, formats, clang-tidy, shellcheck, ruff, mypy, eslint.  The warnings of the
# build are errors anyway.
check: layers format-check tidy shell python-check script-check docs-check
# What the programs say of themselves, written into the documents; and whether links lead
# somewhere, tables are true and manual pages are well made.
docs: all
	docs/tables.py $(BIN)
docs-check: all
	@$(PYTEST) tests/docs
python-check: $(VENV)/stamp
	$(VENV)/bin/ruff check --quiet
	$(VENV)/bin/ruff format --check --quiet
script-check: $(NODE_STAMP)
	npm run --silent lint
layers:
	@tests/layers
format: $(VENV)/stamp $(NODE_STAMP)
	clang-format -i $(C_FILES)
	$(VENV)/bin/ruff format --quiet
	npm run --silent format
format-check:
	@clang-format --dry-run -Werror $(C_FILES)
TIDY_FLAGS = -std=gnu11 -D_GNU_SOURCE -DMONLIGHT_VERSION='"$(VERSION)"' -Ifcgi/common -I$(<D) \
	$(SERVICES:%=-Ifcgi/%) -Iindexer
$(OUT)/tidy/%: %.c .clang-tidy
	@mkdir -p $(@D)
	@echo "tidy $<"
	@clang-tidy --quiet $< -- $(TIDY_FLAGS) 2>/dev/null
	@$(CC) $(TIDY_FLAGS) -MM -MP -MT $@ -MF $@.d $<
	@touch $@
tidy: $(TIDY)
shell:
	@shellcheck $(SH_FILES)
# Reported, not enforced: what these two find is looked at, and mended where it is real.
report:
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		-Ifcgi/common $(SERVICES:%=-Ifcgi/%) -Iindexer fcgi indexer
	@mkdir -p $(OUT)
	for f in $(filter-out tests/%,$(filter %.c,$(C_FILES))); do \
		$(CC) $(OURS) -Wno-error -fanalyzer $(SERVICES:%=-Ifcgi/%) -Iindexer -c -o /dev/null $$f; done

# ---- running ----------------------------------------------------------------

.PHONY: deps deps-test run help
deps:
	@lighttpd/deps
deps-test:
	@lighttpd/deps test
run: deps
	@$(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j$$(nproc)) all
	@exec lighttpd/monlight run

help:
	@sed -n '/^# ---- what you may/,$$d; s/^#   //p' Makefile

# ---- installing -------------------------------------------------------------

# Programs, the control script with what it reads, pages, the SDK, systemd's files, cron's.
# The script finds the rest from where it lies, so a DESTDIR can be run from, too.
INSTALL ?= install
LIBEXEC := $(DESTDIR)$(PREFIX)/libexec/monlight
SHARE   := $(DESTDIR)$(PREFIX)/share/monlight
UNITDIR ?= $(PREFIX)/lib/systemd/system
UNITS   := $(DESTDIR)$(UNITDIR)
SYSTEMD := $(DESTDIR)$(PREFIX)/lib
PAGES   := $(shell find html -type f ! -name '*.test.js' ! -name '*.md' ! -name 'build.*' 2>/dev/null)
MANUALS := $(wildcard docs/man/*.[158])
placed   = sed 's|@PREFIX@|$(PREFIX)|g; s|@LOCALSTATEDIR@|$(LOCALSTATEDIR)|g' $(1) > $(2) && chmod 644 $(2)

.PHONY: install uninstall
install: all
	$(INSTALL) -d $(LIBEXEC) $(SHARE)/lighttpd/service $(SHARE)/lighttpd/errors $(SHARE)/sdk \
		$(DESTDIR)$(PREFIX)/bin $(UNITS) $(SYSTEMD)/sysusers.d $(SYSTEMD)/tmpfiles.d \
		$(DESTDIR)$(SYSCONFDIR)/cron.d
	$(INSTALL) -m 755 $(PROGRAMS) $(LIBEXEC)
	$(INSTALL) -m 644 lighttpd/*.conf lighttpd/*.awk lighttpd/monlight.env.example $(SHARE)/lighttpd
	$(INSTALL) -m 644 lighttpd/service/*.conf $(SHARE)/lighttpd/service
	$(INSTALL) -m 644 lighttpd/errors/*.html $(SHARE)/lighttpd/errors
	$(INSTALL) -m 755 lighttpd/monlight lighttpd/proxies lighttpd/listeners $(SHARE)/lighttpd
	sed -i 's|default_home=/var/lib/|default_home=$(LOCALSTATEDIR)/lib/|' $(SHARE)/lighttpd/monlight
	ln -sf ../share/monlight/lighttpd/monlight $(DESTDIR)$(PREFIX)/bin/monlight
	for page in $(PAGES); do $(INSTALL) -D -m 644 $$page $(SHARE)/$$page || exit 1; done
	for file in $(wildcard build/sdk/monlight-$(VERSION)*); do $(INSTALL) -m 644 $$file $(SHARE)/sdk || exit 1; done
	for unit in packaging/systemd/*.service packaging/systemd/*.timer packaging/systemd/*.target; do \
		$(call placed,$$unit,$(UNITS)/$${unit##*/}) || exit 1; done
	$(call placed,packaging/systemd/monlight.sysusers,$(SYSTEMD)/sysusers.d/monlight.conf)
	$(call placed,packaging/systemd/monlight.tmpfiles,$(SYSTEMD)/tmpfiles.d/monlight.conf)
	$(call placed,lighttpd/monlight.cron,$(DESTDIR)$(SYSCONFDIR)/cron.d/monlight)
	for page in $(MANUALS); do $(INSTALL) -D -m 644 $$page \
		$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit 1; done
# What was installed; what the stack has stored stays.
uninstall:
	rm -rf $(LIBEXEC) $(SHARE) $(DESTDIR)$(PREFIX)/bin/monlight $(UNITS)/monlight.* \
		$(UNITS)/monlight-* $(SYSTEMD)/sysusers.d/monlight.conf \
		$(SYSTEMD)/tmpfiles.d/monlight.conf $(DESTDIR)$(SYSCONFDIR)/cron.d/monlight
	for page in $(MANUALS); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done

# ---- packages ---------------------------------------------------------------

.PHONY: deb check-deb
# Debian keeps units in /lib.
deb: all
	rm -rf build/deb
	$(MAKE) -s install DESTDIR=$(abspath build/deb/root) UNITDIR=/lib/systemd/system
	packaging/debian/build $(abspath build/deb/root) $(abspath build/deb) $(VERSION)
# As root: installs, runs and purges it in a bare Debian, and boots one if systemd-nspawn is
# there; takes minutes.
check-deb: deb
	packaging/debian/check build/deb/monlight_$(VERSION)-1_*.deb
	! command -v systemd-nspawn >/dev/null || packaging/debian/boot build/deb/monlight_$(VERSION)-1_*.deb

.PHONY: check-image
# As root: builds the image on a local base and runs it; takes minutes, and no registry.
check-image: all
	packaging/docker/check

# ---- pages ------------------------------------------------------------------

.PHONY: vendor screenshots
# html/vendor is committed; this is for a new version of something in it.
vendor: $(NODE_STAMP)
	npm run --silent vendor
# The pictures in docs/screenshots, taken by the browser tests.
screenshots:
	SCREENSHOTS=1 $(MAKE) browser
