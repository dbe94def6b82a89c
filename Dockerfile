# One image for every role. Builds with the classic builder too, so no BuildKit syntax.
FROM rust:1.95-bookworm AS build
WORKDIR /src

# Dependencies in a layer of their own: it is rebuilt only when a manifest changes, not with every source file.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY modules/platform/Cargo.toml modules/platform/
COPY modules/contract/Cargo.toml modules/contract/
COPY modules/product/Cargo.toml modules/product/
COPY modules/order/Cargo.toml modules/order/
COPY modules/gateway/Cargo.toml modules/gateway/
# not built, but the workspace is not whole without them
COPY verification/model/Cargo.toml verification/model/
COPY verification/torture/Cargo.toml verification/torture/
COPY bench/Cargo.toml bench/
COPY fuzz fuzz
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
 && for module in modules/* verification/* bench; do mkdir -p "$module/src" && touch "$module/src/lib.rs"; done \
 && cargo build --profile dist --locked --bin pos \
 && rm -rf src modules/*/src

COPY config config
COPY modules modules
COPY src src
# cargo goes by modification times, and the stubs above are younger than the sources
RUN find config modules src -type f -exec touch {} + && cargo build --profile dist --locked --bin pos

FROM debian:bookworm-slim
COPY --from=build /src/target/dist/pos /usr/local/bin/pos
# For the one-process shop on SQLite: mount a volume here, `-v pos-data:/data`. The other shapes keep nothing in it and run
# on a read-only file system, so the image declares no volume: every container would leave an empty one behind.
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001
ENV POS__SERVER__LISTEN=0.0.0.0:8080 POS__DATA_DIR=/data POS__LOG__FORMAT=json
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 CMD ["pos", "healthcheck"]
ENTRYPOINT ["pos"]
