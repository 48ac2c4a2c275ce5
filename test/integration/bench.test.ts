import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../bench/main.ts');

describe('a short run of the benchmarks', function () {
  this.timeout(180_000);
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'seccomp-operator-bench-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const bench = (...args: string[]) => run(process.execPath, [MAIN, '--out', directory, '--quick', ...args]);

  it('gives a table, all figures as JSON and a picture', async () => {
    const { stdout } = await bench('fan-out', '--nodes', '1,2');
    expect(stdout)
      .to.match(/^last file, agents +\S+/m)
      .and.match(/^Ready, agents +\S+/m);
    expect((await readdir(directory)).sort()).to.deep.equal(['fan-out.json', 'fan-out.svg']);
    const { parameters, result } = JSON.parse(await readFile(join(directory, 'fan-out.json'), 'utf8'));
    expect(parameters).to.deep.equal({ nodes: [1, 2], runs: 2, pause: 0 });
    expect(result.rows[0][1]).to.have.lengthOf(2);
  });

  it('finds an agent that starts anew to write nothing, neither to its disk nor to the API', async () => {
    const { stdout } = await bench('restart', '-o', 'json');
    const [{ result }] = JSON.parse(stdout);
    const writes = result.rows.filter(([label]: [string]) => /changed|API writes/.test(label));
    expect(writes.map((row: [string, number[]]) => row[1])).to.deep.equal([[0], [0]]);
  });

  it('says which suites and flags there are', async () => {
    const refused = await bench('fanout').catch(error => error as { code: number; stderr: string });
    expect(refused).to.deep.include({ code: 2 });
    expect(refused.stderr)
      .to.match(/^ {2}fan-out {5}\S/m)
      .and.include('--nodes 1,10,100,1000 --runs 5');
  });
});
