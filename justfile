# One recipe for each thing you do often. `just` without a name lists them.

# The profile of the large benchmark's harness.
bench_profile := env("BENCH_PROFILE", "bench")

_list:
    @just --list --unsorted

# The rules of the house, the book, format, lints, documentation and dependencies, as CI checks them
check:
    .ci/house
    .ci/book
    deploy/render --check
    cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets -- -D warnings
    cargo clippy --locked --package macaque --no-default-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items
    cargo deny --locked --workspace --log-level error check licenses bans sources

# The unit tests, the settings and the documents: ten seconds where little is to be built
quick:
    cargo test --locked --quiet --no-fail-fast --workspace --lib --test documents
    cargo test --locked --quiet --test integration settings::

# Every test that needs nothing but the toolchain; side by side where cargo-nextest is installed
test:
    if cargo nextest --version > /dev/null 2>&1; then \
        cargo nextest run --locked && cargo test --locked --doc && cargo test --locked --test trials; \
    else \
        cargo test --locked; \
    fi

# $MACAQUE_BINARY, or a release built here, on a real Kubernetes control plane (needs Go, once for about ten minutes)
e2e:
    test -n "${MACAQUE_BINARY:-}" || cargo build --locked --release
    PATH="$(.ci/prometheus):$(.ci/tools):$(.ci/helm3):$PATH" PYTHONPATH="$(.ci/verifiers)" CHROMIUM="$(.ci/chromium)" \
    MACAQUE_BINARY="${MACAQUE_BINARY:-$PWD/target/release/macaque}" \
        tests/controlplane/controlplane run target/controlplane -- \
        sh -c '.ci/deploy && cargo test --locked --test e2e --test conformance -- --ignored --skip scripted_hour \
            && cargo test --locked --test trials -- --real --trials 10'

# The conformance suite on Kubernetes 1.33, 1.35 or 1.37; with CONFORMANCE=write its answers are recorded (builds with Go once)
conformance kubernetes="1.37":
    CONTROLPLANE_KUBERNETES="{{kubernetes}}" \
        tests/controlplane/controlplane run "target/controlplane-{{kubernetes}}" -- \
        cargo test --locked --test conformance -- --ignored

# kubectl, a Go program on client-go and the Python client, on the sandbox, as a real server is recorded (needs Go and pip)
programs:
    programs="$(tests/programs/install)" && PATH="$programs/bin:$(.ci/tools):$PATH" PYTHONPATH="$programs/python" \
        cargo test --locked --test programs -- --ignored programs_do_on_the_sandbox

# The same on a real control plane; with PROGRAMS=write what they do there is recorded
programs-real:
    programs="$(tests/programs/install)" && PATH="$programs/bin:$(.ci/tools):$PATH" PYTHONPATH="$programs/python" \
        tests/controlplane/controlplane run target/controlplane -- \
        cargo test --locked --test programs -- --ignored programs_do_on_a_real_api_server

# descheduler, on a real control plane and on the sandbox; with PROGRAMS=write what it does is recorded (needs Go)
descheduler:
    programs="$(tests/programs/install descheduler)" && PATH="$programs/bin:$(.ci/tools):$PATH" \
        tests/controlplane/controlplane run target/controlplane -- \
        cargo test --locked --test programs -- --ignored --test-threads 1 descheduler_does

# An hour of disruptions and faults on a real control plane, in minutes of so many seconds, of each of which blame is asked
scripted-hour seconds="5":
    cargo build --locked
    MACAQUE_BINARY="$PWD/target/debug/macaque" MACAQUE_E2E_MINUTE={{seconds}} PATH="$(.ci/tools):$PATH" \
        tests/controlplane/controlplane run target/controlplane -- \
        cargo test --locked --test e2e -- --ignored --nocapture scripted_hour

# What others read, by their own programs: Prometheus, Helm, and libraries of the formats (needs Go, and Python with pip)
interop:
    PATH="$(.ci/prometheus):$(.ci/tools):$(.ci/helm3):$(.ci/krew):$(.ci/shells):$PATH" PYTHONPATH="$(.ci/verifiers)" \
        cargo test --locked --test interop -- --ignored

# The book of docs/ in target/book, its links checked
docs:
    PATH="$(.ci/tools):$PATH" .ci/book

# docs/commands.md, from the help of the commands
docs-update:
    UPDATE_DOCS=1 cargo test --locked --quiet --test documents commands::

# What a release consists of, built from a clean commit into dist/VERSION (needs buildah)
[positional-arguments]
release version:
    PATH="$(.ci/tools):$PATH" deploy/release "$1"

# The same release once more, built from nothing in another directory, compared byte by byte with dist/VERSION
[positional-arguments]
reproduce version:
    PATH="$(.ci/tools):$PATH" deploy/reproduce "$1"

# Trials of the promises under faults, as many as the table of docs/reliability.md holds
trials:
    cargo test --locked --release --test trials -- --trials 10680 --at-a-time 44

# Trials of the promises under faults in a deterministic simulation: so many with fresh seeds, or `--seed N` once more
[positional-arguments]
simulate *arguments="20000":
    case "${1:-20000}" in -*) ;; *) set -- --trials "$@" ;; esac; \
        cargo test --locked --profile simulation --test simulation -- "$@"

# Whether the simulation finds each promise that is broken on purpose, as a table: every patch of tests/simulation/mutations, or these
[positional-arguments]
mutations *names:
    tests/simulation/mutations/run "$@"

# What macaque reads, against its laws: one target for so many seconds, or all of them for a few
[positional-arguments]
fuzz target="" seconds="60":
    .ci/fuzz ${1:+"$1" "$2"}

# What takes longer than CI may, some four hours: trials, mutations, fuzzing, descheduler, and the older Kubernetes
nightly:
    just simulate 20000
    just conformance 1.33
    just conformance 1.35
    just descheduler
    FUZZ_PROFILE=fuzz FUZZ_SECONDS=655 FUZZ_SEED=0 .ci/fuzz
    just mutations

# A shop, a monkey, half a minute
demo:
    cargo run --locked -- demo

# What a round costs on the sandbox, as a table
bench:
    cargo bench --locked --bench round

# What it costs to follow 200 recoveries, and to do nothing, as a table
bench-recovery:
    cargo bench --locked --profile {{bench_profile}} --bench recovery

# What a round costs among so many pods on a real API server, or small ones in so many namespaces ("500000 5000")
[positional-arguments]
bench-large pods="10000" *beside:
    cargo bench --locked --profile {{bench_profile}} --bench large --no-run
    tests/controlplane/controlplane run --server-only target/many-pods -- \
        sh -c 'tests/controlplane/controlplane many-pods target/many-pods $1 && shift \
            && cargo bench --locked --profile {{bench_profile}} --bench large -- "$@"' \
        sh "$@"
