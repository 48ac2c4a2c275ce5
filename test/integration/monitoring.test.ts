import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, stringify } from 'yaml';
import { findPromtool } from '../rig/promtool.ts';

const PROJECT = join(import.meta.dirname, '../..');
const MANIFESTS = join(PROJECT, 'manifests/monitoring');

interface Rule {
  readonly alert?: string;
  readonly expr: string;
}

describe('alerts and dashboard', function () {
  this.timeout(120_000);
  let promtool: string;
  let directory: string;
  let rules: Rule[];

  before(async function () {
    this.timeout(0); // It may have to be built first.
    promtool = await findPromtool(() => {});
    directory = await mkdtemp(join(tmpdir(), 'alerts-'));
    const { spec } = parse(await readFile(join(MANIFESTS, 'prometheusrule.yaml'), 'utf8'));
    rules = spec.groups.flatMap((group: { rules: Rule[] }) => group.rules);
    await writeFile(join(directory, 'rules.yaml'), stringify(spec));
    await copyFile(join(PROJECT, 'test/support/monitoring/alerts.yaml'), join(directory, 'alerts.yaml'));
  });

  after(() => rm(directory, { recursive: true, force: true }));

  const run = (...args: string[]) =>
    new Promise<{ code: number; text: string }>(resolve => {
      execFile(promtool, args, { cwd: directory }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
      );
    });

  it('promtool has nothing to say against the rules', async () => {
    const { code, text } = await run('check', 'rules', 'rules.yaml');
    expect(code, text).to.equal(0);
  });

  it('alerts come when they should, and only then', async () => {
    const { code, text } = await run('test', 'rules', 'alerts.yaml');
    expect(code, text).to.equal(0);
  });

  it('every alert is tested', async () => {
    const { tests } = parse(await readFile(join(directory, 'alerts.yaml'), 'utf8')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const cases = tests.flatMap(each => each.alert_rule_test);
    const fired = cases.filter(({ exp_alerts }) => exp_alerts.length).map(({ alertname }) => alertname);
    expect(new Set(fired)).to.deep.equal(new Set(rules.flatMap(({ alert }) => alert ?? [])));
  });

  it('alerts and panels ask only for what the operator measures', async () => {
    const measured = await readFile(join(PROJECT, 'src/operator/metrics.ts'), 'utf8');
    const known = new Set(measured.match(/seccomp_operator_\w+/g));
    const dashboard = JSON.parse(await readFile(join(MANIFESTS, 'dashboard.json'), 'utf8')) as {
      panels: { targets: { expr: string }[] }[];
    };
    const asked = [...rules, ...dashboard.panels.flatMap(({ targets }) => targets)].map(({ expr }) => expr);
    const names = new Set(asked.flatMap(expr => expr.match(/seccomp_operator_\w+/g) ?? []));
    expect([...names].filter(name => !known.has(name))).to.deep.equal([]);
    expect(names.size).to.be.above(8);
  });

  it('panels ask what PromQL can read', async () => {
    const { panels } = JSON.parse(await readFile(join(MANIFESTS, 'dashboard.json'), 'utf8')) as {
      panels: { targets: { expr: string }[] }[];
    };
    const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$profile', '.*')));
    const groups = [{ name: 'panels', rules: exprs.map((expr, at) => ({ record: `panel:${at}`, expr })) }];
    await writeFile(join(directory, 'panels.yaml'), stringify({ groups }));
    const { code, text } = await run('check', 'rules', '--lint=none', 'panels.yaml');
    expect(code, text).to.equal(0);
  });
});
