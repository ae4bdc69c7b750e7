# netproof itself, to run in a cluster: what src/image/controller-files.ts lists, as in the archive that
# `npm run image:controller` writes. The agent's image is built from probe-image/Dockerfile.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS go

# Debian 12: the libraries come from its packages, whatever the architecture of the machine that builds.
FROM --platform=$BUILDPLATFORM node:24-bookworm AS build
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:$PATH
WORKDIR /netproof
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json LICENSE README.md CHANGELOG.md ./
COPY bin ./bin
COPY schemas ./schemas
COPY scripts ./scripts
COPY src ./src
COPY probe-image ./probe-image
ARG TARGETARCH
RUN npm run image:controller -- --stage /image --architecture $TARGETARCH

FROM scratch
COPY --from=build /image/runtime/ /
COPY --from=build /image/program/ /
ENV NODE_USE_SYSTEM_CA=1
USER 65532
ENTRYPOINT ["/usr/local/bin/node", "/netproof/bin/netproof.mjs"]
CMD ["--help"]
