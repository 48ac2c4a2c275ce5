import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import type { SeccompProfile } from '../../src/core/api/seccomp-profile.ts';
import { renderProfile } from '../../src/core/profile/render.ts';
import { SERVICES, ServiceRig } from '../rig/services.ts';
import { kubectlSeccomp } from '../support/cli.ts';

/** Of each service on each runtime; SECCOMP_OPERATOR_STARTS=20 for the long form. */
const STARTS = Number(process.env['SECCOMP_OPERATOR_STARTS'] ?? 2);
const RUNTIMES = ['runc', 'crun'] as const;

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
      const generated = await kubectlSeccomp(
        'generate',
        ...traces.flatMap(file => ['--from', file]),
        '--name',
        service.name,
      );
      expect(generated).to.deep.include({ code: 0, notes: '' });
      const { spec } = parse(generated.text) as SeccompProfile;
      const profile = renderProfile(spec, 'amd64');
      writeFileSync(join(rig.folder, `${service.name}.yaml`), generated.text);

      for (const runtime of RUNTIMES) {
        let good = 0;
        for (let start = 0; start < STARTS; start += 1) {
          const outcome = await rig.run(service, { runtime, noNewPrivileges: start % 2 === 1, profile });
          if (outcome.answer === 'ok' && outcome.code === 0) good += 1;
          else console.log(`      ${service.name} on ${runtime}, start ${start}:`, outcome);
        }
        console.log(`      ${service.name} on ${runtime}: ${good} of ${STARTS}`);
        expect(good, `${service.name} on ${runtime}`).to.equal(STARTS);
      }
    });
  }
});
