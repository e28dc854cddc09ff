# One recipe a habit. `just` without a name lists them.

_list:
    @just --list --unsorted

# Format, lints, documentation and dependency rules, as CI checks them
check:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --no-default-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
    cargo deny --locked --log-level error check licenses bans sources

# Every test that needs nothing but the toolchain
test:
    cargo test --locked

# The released binary on a real Kubernetes control plane (needs Go; builds it once, in about ten minutes)
e2e:
    cargo build --locked --release
    MACAQUE_BINARY="$PWD/target/release/macaque" \
        tests/controlplane/controlplane run target/controlplane -- \
        sh -c '.ci/deploy && cargo test --locked --test e2e --test conformance -- --ignored \
            && cargo test --locked --test trials -- --real --trials 10'

# Trials of the promises under faults, as many as the table of docs/reliability.md holds
trials:
    cargo test --locked --release --test trials -- --trials 10680 --at-a-time 44

# A shop, a monkey, half a minute
demo:
    cargo run --locked -- demo

# What a round costs on the sandbox, as a table
bench:
    cargo bench --locked --bench round

# What a round costs among so many pods on a real API server, as a table, beside any other command lines
[positional-arguments]
crowd pods="10000" *beside:
    cargo bench --locked --bench crowd --no-run
    tests/controlplane/controlplane run --server-only target/crowd -- \
        sh -c 'tests/controlplane/controlplane crowd target/crowd "$1" && shift && cargo bench --locked --bench crowd -- "$@"' \
        sh "$@"
