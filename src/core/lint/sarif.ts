import { docsOf } from './docs.ts';
import type { Finding, Severity } from './finding.ts';
import { RULES } from './rules.ts';

/** A profile's findings, and where in which file they are. */
export interface LintedProfile {
  readonly name: string;
  /** The file as it was given, with slashes; nothing for an object of a cluster. */
  readonly file?: string;
  readonly findings: readonly (Finding & { readonly line?: number })[];
}

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/** Findings for code scanners: Static Analysis Results Interchange Format 2.1.0 (OASIS). */
export function sarif(profiles: readonly LintedProfile[], version: string): object {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'kubectl-seccomp',
            version,
            rules: RULES.map(({ id, summary, severity }) => ({
              id,
              shortDescription: { text: summary },
              help: { text: `See ${docsOf(id)}.` },
              defaultConfiguration: { level: LEVELS[severity] },
            })),
          },
        },
        results: profiles.flatMap(resultsOf),
      },
    ],
  };
}

function resultsOf({ name, file, findings }: LintedProfile): object[] {
  return findings.map(({ rule, severity, message, fix, where, line }) => ({
    ruleId: rule,
    ruleIndex: RULES.findIndex(({ id }) => id === rule),
    level: LEVELS[severity],
    message: { text: `${message}. ${fix}` },
    locations: [
      {
        ...(file === undefined
          ? {}
          : { physicalLocation: { artifactLocation: { uri: encodeURI(file) }, region: { startLine: line ?? 1 } } }),
        logicalLocations: [{ fullyQualifiedName: `SeccompProfile/${name}: ${where.field}` }],
      },
    ],
  }));
}
