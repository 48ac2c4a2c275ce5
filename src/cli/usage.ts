export const USAGE = `Usage: kubectl seccomp COMMAND [OPTIONS]

  render FILE [--arch ARCH]   The exact bytes a node gets, of a SeccompProfile in a file.
                              A base profile is looked for in the same file.
  status [NAME]               Where profiles stand, and what keeps them from being Ready.
  nodes                       What each node reports.

Options:
  --arch ARCH      Node architecture as Go names it (default amd64).
  -o json|yaml     Machine-readable output of status and nodes.
  -h, --help       Show this help.

Examples:
  kubectl seccomp render examples/seed.yaml --arch arm64
  kubectl seccomp status seed
  kubectl seccomp nodes -o json

Exit codes: 0 all is well; 1 something could not be read or is not Ready; 2 the command line is wrong.
Credentials: KUBECONFIG, as kubectl takes it; render needs none.
`;

/** The command line cannot be used. */
export class UsageError extends Error {}
