// What Docker and Podman make of a profile, by their own code: for the architecture it is built for and the kernel it runs
// on, or that qemu says it runs on.
//
//	oracle docker|podman default   prints the built-in profile
//	oracle docker|podman           answers requests, one JSON object a line
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	podman "github.com/containers/common/pkg/seccomp"
	docker "github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

type request struct {
	Profile      json.RawMessage
	Capabilities []string
}

type answer struct {
	Result *specs.LinuxSeccomp `json:"result,omitempty"`
	Error  string              `json:"error,omitempty"`
}

func main() {
	if err := run(os.Args[1] == "docker", len(os.Args) > 2); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(isDocker, isDefault bool) error {
	output := json.NewEncoder(os.Stdout)
	if isDefault && isDocker {
		return output.Encode(docker.DefaultProfile())
	}
	if isDefault {
		return output.Encode(podman.DefaultProfile())
	}
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<24)
	for input.Scan() {
		var asked request
		if err := json.Unmarshal(input.Bytes(), &asked); err != nil {
			return err
		}
		if err := output.Encode(load(isDocker, asked)); err != nil {
			return err
		}
	}
	return input.Err()
}

func load(isDocker bool, asked request) answer {
	capabilities := &specs.LinuxCapabilities{Bounding: asked.Capabilities}
	spec := &specs.Spec{Process: &specs.Process{Capabilities: capabilities}}
	loadProfile := podman.LoadProfile
	if isDocker {
		loadProfile = docker.LoadProfile
	}
	result, err := loadProfile(string(asked.Profile), spec)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Result: result}
}
