# Both programs in one image. The bases are arguments: a builder with npm, and a runtime that has Node and little else.
#   docker build -t seccomp-operator:v0.1.0 .
ARG BUILD_BASE=docker.io/library/node:24-bookworm-slim
ARG BASE=gcr.io/distroless/nodejs24-debian12

FROM ${BUILD_BASE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs

FROM ${BASE}
COPY --from=build /src/dist/package.json /src/dist/operator.js /src/dist/agent.js /src/dist/kubectl-seccomp.js /app/
# Distroless has node in a directory of its own; the manifests name the program without it.
ENV PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
USER 65532:65532
ENTRYPOINT []
CMD ["node", "/app/operator.js"]
