# All programs in one image: Node, their bundles, one native module, and nothing else. The bases are arguments: a builder that has npm, and
# a runtime that has Node and little more.
#   docker build -t registry.example.com/seccomp-operator:v0.1.0 .
# Built twice with the same SOURCE_DATE_EPOCH and bases it is the same, byte for byte (docs/image.md).
ARG BUILD_BASE=docker.io/library/node:24-bookworm-slim
ARG BASE=gcr.io/distroless/nodejs24-debian12

FROM ${BUILD_BASE} AS build
ARG SOURCE_DATE_EPOCH=0
WORKDIR /src
COPY package.json package-lock.json ./
# npm's own settings, if it needs any: --secret id=npmrc,src=$HOME/.npmrc
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --ignore-scripts --no-audit --no-fund
COPY manifests/agent-daemonset.yaml manifests/violations-daemonset.yaml manifests/
COPY scripts scripts
COPY src src
COPY LICENSE ./
RUN node scripts/build.mjs && node scripts/sbom.mjs && mkdir /app && \
    cp dist/package.json dist/*.js dist/*.txt dist/sbom.spdx.json LICENSE /app/ && \
    mkdir /app/node_modules && cp -R node_modules/@koromix /app/node_modules/ && chmod -R u=rwX,go=rX /app

FROM ${BASE}
COPY --from=build /app /app
# Distroless has node in a directory of its own; the manifests name the program without it.
ENV PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
USER 65532:65532
ENTRYPOINT []
CMD ["node", "/app/operator.js"]
