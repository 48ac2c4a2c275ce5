/**
 * Counters and gauges in Prometheus' text format (exposition format 0.0.4).
 *
 * A library would cost the agent more memory than the rest of its work; see docs/decisions/0003-thin-agent.md.
 */
export class Metrics {
  readonly #families = new Map<string, Family>();

  /** A value that only grows. By convention its name ends in `_total`. */
  counter(name: string, help: string): Counter {
    const family = this.#family(name, help, 'counter');
    return {
      add: (amount = 1, labels = {}) => {
        const key = seriesKey(labels);
        family.series.set(key, (family.series.get(key) ?? 0) + amount);
      },
    };
  }

  /** A value that is read when somebody asks: nothing is kept up to date in between. */
  gauge(name: string, help: string, read: () => number | Iterable<readonly [Labels, number]>): void {
    this.#family(name, help, 'gauge').read = read;
  }

  /** A value that only grows, kept elsewhere and read when somebody asks. By convention its name ends in `_total`. */
  total(name: string, help: string, read: () => number | Iterable<readonly [Labels, number]>): void {
    this.#family(name, help, 'counter').read = read;
  }

  render(): string {
    return [...this.#families].map(([name, family]) => renderFamily(name, family)).join('');
  }

  #family(name: string, help: string, type: Family['type']): Family {
    const family: Family = { help, type, series: new Map() };
    this.#families.set(name, family);
    return family;
  }
}

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount?: number, labels?: Labels): void;
}

interface Family {
  help: string;
  type: 'counter' | 'gauge';
  series: Map<string, number>;
  read?: () => number | Iterable<readonly [Labels, number]>;
}

function renderFamily(name: string, family: Family): string {
  const lines = [`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.type}`];
  for (const [key, value] of series(family)) lines.push(`${name}${key} ${value}`);
  return `${lines.join('\n')}\n`;
}

function series(family: Family): Iterable<readonly [string, number]> {
  const value = family.read?.();
  if (value === undefined) return family.series.size ? family.series : [['', 0]];
  if (typeof value === 'number') return [['', value]];
  return [...value].map(([labels, number]) => [seriesKey(labels), number] as const);
}

function seriesKey(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length ? `{${pairs.join(',')}}` : '';
}

const escapeValue = (value: string) => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
