# syntax=docker/dockerfile:1
# macaque as one static binary and nothing else, for amd64 and arm64:
#
#   docker build -t macaque:0.2.0 .
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/macaque:0.2.0 --push .
#
# With --build-arg BUILD_REVISION=$(git rev-parse HEAD) the metric macaque_build_info names the revision too. `just
# release` builds both architectures the same way, with more labels, and adds what else belongs to a release.
#
# The compiler runs on the machine's own architecture whatever it compiles for; zig is the linker
# and the C compiler for either target, so nothing is emulated.
FROM --platform=$BUILDPLATFORM docker.io/library/rust:1.95-slim-bookworm AS tools

# The versions of Debian's packages are those of the base image's release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3-pip \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/build-tools.txt /tmp/
RUN pip install --no-cache-dir --break-system-packages --no-deps --require-hashes --requirement /tmp/build-tools.txt
# It writes the names and versions of all crates into the binary, where scanners of images look for them. Unoptimized it
# is built sooner, and all that it does is to start rustc.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo install --quiet --locked --debug --root /usr/local cargo-auditable@0.7.7

FROM tools AS build
# amd64 or arm64: set by --platform.
ARG TARGETARCH
WORKDIR /macaque
RUN case "$TARGETARCH" in \
        amd64) target=x86_64-unknown-linux-musl ;; \
        arm64) target=aarch64-unknown-linux-musl ;; \
        *) echo "TARGETARCH is '$TARGETARCH', not amd64 or arm64" >&2; exit 1 ;; \
    esac \
    && echo "$target" > /tmp/target \
    && rustup target add "$target"

# Mozilla's authorities, as Debian packs them, and not what else the builder's machine trusts.
RUN cat /usr/share/ca-certificates/mozilla/*.crt > /tmp/ca-certificates.crt

# The sandbox stays out: it is for trying macaque, and a cluster has a real API.
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
COPY config config
# Cargo.toml names benchmarks and tests, and cargo wants to see them.
COPY benches benches
COPY tests tests
COPY crates crates
COPY fuzz fuzz
COPY src src
ARG BUILD_REVISION=unknown
# Each architecture in a directory of its own: cargo builds one thing at a time in each. The crates are fetched for one
# after the other, because cargo's own lock is not part of the cache that both share.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/macaque/target \
    target=$(cat /tmp/target) \
    && flock /usr/local/cargo/registry/fetch.lock cargo fetch --locked \
    && cargo auditable zigbuild --locked --release --package macaque --no-default-features \
        --target "$target" --target-dir "target/$TARGETARCH" \
    && cp "target/$TARGETARCH/$target/release/macaque" /tmp/macaque

FROM scratch AS image
LABEL org.opencontainers.image.title="macaque" \
      org.opencontainers.image.description="A chaos monkey for Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0"
# Whom to trust when it sends to Slack or Webex. Time zones are in the binary.
COPY --from=build /tmp/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /tmp/macaque /macaque
# By number, or Kubernetes cannot tell that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/macaque"]
