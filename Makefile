# The two commands of the README are `make demo` and `make test`. Both install what they need and say what.

CARGO_DENY = 0.20.2

.PHONY: demo test judges web peers browser second-opinion lint bench tools certificates

# Starts the sandbox, plays its logins by itself, and goes on serving. `make demo ONCE=1` ends after them;
# `make demo PORT=9000` takes the ports from there on.
demo: tools
	@if command -v npm >/dev/null; then sh web/install.sh; \
	else echo "no npm here: the pages keep their own plain stylesheet (make web installs the design system)"; fi
	cargo run --bin context-handler -- sandbox --demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

# Everything that can be proved: our own tests, and real SAML software and a real browser that log in through us.
test: tools judges web peers browser second-opinion
	CH_PEERS=1 CH_BROWSER=1 cargo test

# The same logins with libxmlsec1 verifying every signature after us. In a build of its own: one process, one libcrypto.
# What must not compile is tried here too, because this build need not make OpenSSL. Orders in which things happen are tried
# by the thousands in the other run only: no signature depends on them.
second-opinion: tools judges
	sh tools/second-opinion.sh
	CH_INTERLEAVINGS=100 cargo test --target-dir target/second-opinion --no-default-features --features second-opinion --test conversations --test compile_fail

# The programs that judge beside us in our own tests: signatures, schemas, archives, the unit.
judges:
	tools/need openssl python3 systemd-analyze=systemd xmllint=libxml2-utils xmlsec1

# The design system for the pages; the next build embeds it.
web:
	tools/need node=nodejs npm
	sh web/install.sh

# The SAML software that logs in through us.
peers:
	sh tests/peers/install.sh

# Chromium, and axe that judges the pages.
browser:
	tools/need node=nodejs npm
	sh tests/browser/install.sh

# What a machine must find by reading: form, lints, documentation, licences, advisories.
lint: tools
	cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
	command -v cargo-deny >/dev/null || cargo install cargo-deny --version $(CARGO_DENY) --locked
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items
	cargo deny --all-features check bans licenses sources
	tools/advisories

bench: tools
	cargo bench

# Makes the development keys that are missing, and the example federation's metadata with their certificates.
certificates:
	sh certs-dev/make.sh
	sh certs-dev/metadata.sh

# What compiles the crates that are written in C, OpenSSL and SQLite. Tried, not looked for: a compiler may lack the C library,
# and the perl that every Debian has cannot configure OpenSSL.
tools:
	@command -v cargo >/dev/null || { echo "please install Rust: https://rustup.rs" >&2; exit 1; }
	@echo 'int main(void) { return 0; }' | cc -x c -o /dev/null - 2>/dev/null || tools/install gcc libc6-dev
	@perl -MIPC::Cmd -e 1 2>/dev/null || tools/install perl
