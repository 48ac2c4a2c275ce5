module seccomp-operator.dev/test/rig/services/server

go 1.26.0
