import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import type { SeccompProfile, SeccompProfileSpec } from '../../src/core/api/seccomp-profile.ts';
import { checkTrace } from '../../src/core/check/check.ts';
import { renderProfile } from '../../src/core/profile/render.ts';
import { buildFilter } from '../../src/core/simulate/filter.ts';
import { TraceCollector } from '../../src/core/trace/trace.ts';
import type { ContainerOptions } from '../rig/container.ts';
import { SERVICES, type Service, ServiceRig } from '../rig/services.ts';
import { kubectlSeccomp } from '../support/cli.ts';

/** Of each service on each runtime; SECCOMP_OPERATOR_STARTS=20 for the long form. */
const STARTS = Number(process.env['SECCOMP_OPERATOR_STARTS'] ?? 2);
const RUNTIMES = ['runc', 'crun'] as const;

const runs = async (rig: ServiceRig, service: Service, options: ContainerOptions): Promise<boolean> => {
  const outcome = await rig.run(service, options);
  const isGood = outcome.answer === 'ok' && outcome.code === 0;
  if (!isGood) console.log(`      ${service.name} on ${options.runtime}:`, outcome);
  return isGood;
};

/** The calls in the traces whose loss `check` does not find. */
function unfound(spec: SeccompProfileSpec, traces: readonly string[]): string[] {
  const collector = new TraceCollector({ machine: 'SCMP_ARCH_X86_64' });
  for (const file of traces) collector.add(file, readFileSync(file, 'utf8').split('\n'));
  const trace = collector.trace();
  return trace.calls
    .map(({ name }) => name)
    .filter(call => {
      const syscalls = (spec.syscalls ?? []).map(rule => ({
        ...rule,
        names: rule.names.filter(name => name !== call),
      }));
      const filter = buildFilter({ ...spec, syscalls }, { native: 'SCMP_ARCH_X86_64', runtime: { name: 'runc' } });
      const found = checkTrace(filter, trace).refused.map(({ use }) => use.name);
      return found.join() !== call;
    });
}

describe('from strace to a profile: servers of Debian on runc and crun', () => {
  let rig: ServiceRig;
  before(async function () {
    this.timeout(600_000);
    rig = await ServiceRig.open(line => console.log(`      ${line}`));
  });
  after(() => rig?.close());

  for (const service of SERVICES) {
    it(`${service.name} starts, answers and ends under the profile made of its traces`, async function () {
      this.timeout(600_000);
      const traces: string[] = [];
      for (const runtime of ['runc', 'crun', 'runc'] as const)
        traces.push(await rig.trace(service, { runtime, noNewPrivileges: traces.length === 1 }));
      const from = traces.flatMap(file => ['--from', file]);
      const generated = await kubectlSeccomp('generate', ...from, '--name', service.name);
      expect(generated).to.deep.include({ code: 0, notes: '' });
      const file = join(rig.folder, `${service.name}.yaml`);
      writeFileSync(file, generated.text);
      const { spec } = parse(generated.text) as SeccompProfile;
      const profile = renderProfile(spec, 'amd64');

      for (const runtime of RUNTIMES) {
        let good = 0;
        for (let start = 0; start < STARTS; start += 1)
          if (await runs(rig, service, { runtime, noNewPrivileges: start % 2 === 1, profile })) good += 1;
        console.log(`      ${service.name} on ${runtime}: ${good} of ${STARTS}`);
        expect(good, `${service.name} on ${runtime}`).to.equal(STARTS);
      }

      const checked = await kubectlSeccomp('check', file, ...traces.flatMap(each => ['--trace', each]));
      expect(checked.text).to.match(/^nothing is refused of \d+ calls/);
      expect(checked.code).to.equal(0);
      expect(unfound(spec, traces), 'each call of the traces is missed when it is not there').to.deep.equal([]);
    });
  }
});
