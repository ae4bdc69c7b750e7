# netproof itself, to run inside a cluster or a pipeline. The agent's image is built from probe-image/Dockerfile.
FROM golang:1.26 AS agent
WORKDIR /probe
COPY probe-image/go.mod probe-image/*.go ./
ARG VERSION=development
RUN for arch in amd64 arm64; do \
      CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o netproof-probe-linux-$arch . ; \
    done

FROM node:22-bookworm-slim AS build
WORKDIR /netproof
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN node -e 'import("./scripts/build.mjs").then(({ buildProgram }) => buildProgram(console.error))'

FROM node:22-bookworm-slim
WORKDIR /netproof
COPY --from=build /netproof/package.json ./
COPY --from=build /netproof/dist ./dist
COPY --from=agent /probe/netproof-probe-linux-* ./dist/agent/
COPY bin ./bin
COPY schemas ./schemas
COPY LICENSE ./
USER 65532
ENTRYPOINT ["node", "/netproof/bin/netproof.mjs"]
