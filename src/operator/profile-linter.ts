import type { SeccompProfile } from '../core/api/seccomp-profile.ts';
import { lint } from '../core/lint/lint.ts';
import { NATIVE_ARCHITECTURES } from '../core/lint/native.ts';
import { DEFAULT_TARGET, type LintTarget } from '../core/lint/target.ts';
import { own } from '../core/own.ts';
import { dependencies, resolveBase } from '../core/profile/base.ts';
import { ProfileError } from '../core/profile/errors.ts';
import { type LintReport, lintReport } from '../core/status/lint-report.ts';
import { isAtLeast } from '../core/versions.ts';
import type { Fleet } from './fleet.ts';

export interface ProfileLinterOptions {
  readonly profiles: ReadonlyMap<string, SeccompProfile>;
  readonly fleet: Pick<Fleet, 'architectures' | 'kernels'>;
}

/** Looks at each generation of a profile once, for the cluster's architectures and its oldest kernel. */
export class ProfileLinter {
  readonly #options: ProfileLinterOptions;
  readonly #looks = new Map<
    string,
    { readonly of: string; readonly generation: number; readonly report: LintReport }
  >();

  constructor(options: ProfileLinterOptions) {
    this.#options = options;
  }

  /** What was found in this generation; nothing before it was looked at. */
  report(profile: string, generation: number): LintReport | undefined {
    const look = this.#looks.get(profile);
    return look?.generation === generation ? look.report : undefined;
  }

  /** Whether there is something new to say. A profile that cannot be rendered is not looked at: its status says why. */
  look({ metadata: { name, generation = 0 }, spec }: SeccompProfile): boolean {
    const specOf = (base: string) => this.#options.profiles.get(base)?.spec;
    const generations = dependencies(spec, specOf).map(base => this.#options.profiles.get(base)?.metadata.generation);
    const target = this.#target();
    const of = JSON.stringify([generation, generations, target]);
    if (this.#looks.get(name)?.of === of) return false;
    try {
      const report = lintReport(lint(resolveBase(name, spec, specOf), target));
      this.#looks.set(name, { of, generation, report });
      return true;
    } catch (error) {
      if (!(error instanceof ProfileError)) throw error;
      this.forget(name);
      return false;
    }
  }

  forget(profile: string): void {
    this.#looks.delete(profile);
  }

  #target(): LintTarget {
    const { fleet } = this.#options;
    const architectures = [...fleet.architectures()].sort().flatMap(each => own(NATIVE_ARCHITECTURES, each) ?? []);
    const kernel = [...fleet.kernels()].reduce<string | undefined>(
      (oldest, each) => (oldest === undefined || isAtLeast(oldest, each) ? each : oldest),
      undefined,
    );
    return { ...DEFAULT_TARGET, architectures, ...(kernel === undefined ? {} : { kernel }) };
  }
}
