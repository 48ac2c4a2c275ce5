/** One row of `strace -c`. */
export interface SummaryRow {
  readonly name: string;
  readonly count: number;
}

/** Where a column of the table is on the line: the rule of dashes below the titles says it. */
interface Column {
  readonly title: string;
  readonly from: number;
  readonly to: number;
}

/** Titles that strace prints, whatever `-U` chooses: count.c, `column_headers`. */
const TITLES =
  /% time|seconds|usecs\/call|total-wall|min-wall|max-wall|avg-wall|shortest|longest|calls|errors|syscall/g;
const RULE = /^-+(?: +-+)*$/;
const MODE = /^System call usage summary for (64 bit|32 bit|x32) mode:$/;

/**
 * Reads the tables of `strace -c` (or `-C`), line by line: one for each mode that a traced program ran in. The errors
 * column is blank where there was none, so cells are told by their place.
 */
export class SummaryTable {
  #columns: readonly Column[] = [];
  #titles: string | undefined;
  #mode: string | undefined;

  /** Of the table that is being read: `32 bit`; undefined for the tracer's own. */
  get mode(): string | undefined {
    return this.#mode;
  }

  /** Whether the line belongs to a table; a row is handed to `found`. */
  read(line: string, found: (row: SummaryRow) => void): boolean {
    const mode = MODE.exec(line);
    if (mode) {
      this.#mode = mode[1];
      return true;
    }
    if (this.#columns.length) return this.#readRow(line, found);
    if (isTitles(line)) {
      this.#titles = line;
      return true;
    }
    if (this.#titles !== undefined && RULE.test(line)) {
      this.#columns = columnsOf(this.#titles, line);
      this.#titles = undefined;
      return true;
    }
    this.#titles = undefined;
    return false;
  }

  #readRow(line: string, found: (row: SummaryRow) => void): boolean {
    if (RULE.test(line)) return true;
    const cell = (title: string) => {
      const column = this.#columns.find(each => each.title === title);
      return column && line.slice(column.from, column.to).trim();
    };
    const name = cell('syscall') ?? '';
    if (name === 'total') {
      this.#columns = [];
      this.#mode = undefined;
      return true;
    }
    const count = cell('calls') ?? '1';
    if (!/^[a-z_][a-z0-9_]*$/i.test(name) || !/^\d{1,15}$/.test(count)) {
      this.#columns = [];
      return false;
    }
    found({ name, count: Number(count) });
    return true;
  }
}

function isTitles(line: string): boolean {
  return /\bsyscall\b/.test(line) && line.replace(TITLES, '').trim() === '';
}

/** A column is as wide as its dashes, and a name may be longer than its column when it is the last one. */
function columnsOf(titles: string, rule: string): Column[] {
  const names = [...titles.matchAll(TITLES)].map(([title]) => title);
  const spans = [...rule.matchAll(/-+/g)];
  if (names.length !== spans.length) return [];
  return spans.map((span, at) => ({
    title: names[at] as string,
    from: at === 0 ? 0 : (spans[at - 1]?.index ?? 0) + (spans[at - 1]?.[0].length ?? 0),
    to: at === spans.length - 1 ? Number.POSITIVE_INFINITY : span.index + span[0].length,
  }));
}
