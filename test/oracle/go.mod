module seccomp-operator.dev/test/oracle

go 1.26.0

replace github.com/seccomp/libseccomp-golang => ./libseccomp

require (
	github.com/containers/common v0.64.2
	github.com/moby/profiles/seccomp v0.3.0
	github.com/opencontainers/runtime-spec v1.2.1
)

require (
	github.com/seccomp/libseccomp-golang v0.11.0 // indirect
	golang.org/x/sys v0.34.0 // indirect
)
