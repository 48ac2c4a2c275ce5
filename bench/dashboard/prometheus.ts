import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { cachePath, locked, type Progress, place } from '../../test/rig/cache.ts';
import { extractPackages } from '../../test/rig/debian.ts';
import { freePorts, ManagedProcess } from '../../test/rig/process.ts';
import { until } from '../../test/rig/until.ts';

const RULES = join(import.meta.dirname, '../../manifests/monitoring/prometheusrule.yaml');

/** One value at one time, in seconds since 1970. */
export type Sample = readonly [seconds: number, value: number];

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

/** A real Prometheus (Debian's) that scrapes targets each second, with the rules of manifests/monitoring. */
export class Prometheus {
  readonly #process: ManagedProcess;
  readonly #url: string;

  static async start(directory: string, targets: readonly string[], progress: Progress): Promise<Prometheus> {
    const program = await findPrometheus(progress);
    await mkdir(directory, { recursive: true });
    const { spec } = parse(await readFile(RULES, 'utf8')) as { spec: { groups: object[] } };
    const groups = spec.groups.map(group => ({ ...group, interval: '1s' }));
    await writeFile(join(directory, 'rules.yaml'), stringify({ groups }));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      scrape_configs: [{ job_name: 'seccomp-operator', static_configs: [{ targets }] }],
    };
    await writeFile(join(directory, 'prometheus.yaml'), stringify(config));
    const address = `127.0.0.1:${(await freePorts(1))[0]}`;
    const prometheus = new Prometheus(program, directory, address);
    await until('Prometheus', () => prometheus.query('up'));
    return prometheus;
  }

  private constructor(program: string, directory: string, address: string) {
    this.#url = `http://${address}`;
    this.#process = new ManagedProcess({
      name: 'prometheus',
      command: program,
      args: [
        `--config.file=${join(directory, 'prometheus.yaml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      logFile: join(directory, 'prometheus.log'),
    });
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** Values as they are now. */
  query(query: string): Promise<Series[]> {
    return this.#ask('query', { query });
  }

  /** Values between two times, in seconds since 1970, one a second. */
  queryRange(query: string, start: number, end: number): Promise<Series[]> {
    return this.#ask('query_range', { query, start: `${start}`, end: `${end}`, step: '1' });
  }

  async #ask(what: string, parameters: Record<string, string>): Promise<Series[]> {
    const answer = await fetch(`${this.#url}/api/v1/${what}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const { status, data, error } = (await answer.json()) as Answer;
    if (status !== 'success') throw new Error(`Prometheus: ${parameters['query']}: ${error}`);
    return data.result.map(({ metric: { __name__: _, ...labels }, value, values }) => ({
      labels,
      samples: (values ?? (value ? [value] : [])).map(([seconds, text]) => [seconds, Number(text)] as const),
    }));
  }
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

/** Debian's, unpacked into the cache: nothing is installed on this machine. */
async function findPrometheus(progress: Progress): Promise<string> {
  const directory = cachePath('prometheus');
  const program = join(directory, 'usr/bin/prometheus');
  return locked(directory, progress, async () => {
    if (existsSync(program)) return program;
    progress('fetching Prometheus from Debian’s packages');
    await place(directory, async into => {
      await extractPackages(['prometheus'], into);
      return true;
    });
    return program;
  });
}
