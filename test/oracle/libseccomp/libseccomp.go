// Package seccomp stands for the C library's package of that name in Podman's loader, which asks it for the architecture
// of the machine and nothing else. So the loader can be built for other architectures without a C compiler, and run by
// qemu. The rest is there for Podman's package to compile (it makes filters too) and does nothing.
package seccomp

import (
	"errors"
	"runtime"
)

type (
	ScmpArch      string
	ScmpAction    int
	ScmpCompareOp int
	ScmpSyscall   int
	ScmpCondition struct{}
	ScmpFilter    struct{}
)

var errNone = errors.New("no filters are made here")

// GetNativeArch is the architecture that this program was built for; libseccomp and Go use the same names.
func GetNativeArch() (ScmpArch, error) { return ScmpArch(runtime.GOARCH), nil }

func (arch ScmpArch) String() string { return string(arch) }

const (
	ActInvalid ScmpAction = iota
	ActKillThread
	ActKillProcess
	ActErrno
	ActTrap
	ActAllow
	ActTrace
	ActLog
)

func (action ScmpAction) SetReturnCode(int16) ScmpAction { return action }

func (action ScmpAction) String() string { return "" }

const (
	CompareInvalid ScmpCompareOp = iota
	CompareEqual
	CompareNotEqual
	CompareGreater
	CompareGreaterEqual
	CompareLess
	CompareLessOrEqual
	CompareMaskedEqual
)

func NewFilter(ScmpAction) (*ScmpFilter, error) { return nil, errNone }

func GetArchFromString(string) (ScmpArch, error) { return "", errNone }

func GetSyscallFromName(string) (ScmpSyscall, error) { return 0, errNone }

func MakeCondition(uint, ScmpCompareOp, ...uint64) (ScmpCondition, error) {
	return ScmpCondition{}, errNone
}

func (*ScmpFilter) AddArch(ScmpArch) error { return errNone }

func (*ScmpFilter) AddRule(ScmpSyscall, ScmpAction) error { return errNone }

func (*ScmpFilter) AddRuleConditional(ScmpSyscall, ScmpAction, []ScmpCondition) error { return errNone }

func (*ScmpFilter) SetNoNewPrivsBit(bool) error { return errNone }
