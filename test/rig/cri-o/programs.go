//go:build programs

// Package programs names what is built for a node, so that go.sum covers it.
package programs

import _ "github.com/cri-o/cri-o/cmd/crio"
