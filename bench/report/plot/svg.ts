type Attributes = Readonly<Record<string, string | number | undefined>>;

export function element(name: string, attributes: Attributes, content = ''): string {
  const words = Object.entries(attributes).map(([key, value]) =>
    value === undefined ? '' : ` ${key}="${typeof value === 'number' ? Number(value.toFixed(1)) : escapeText(value)}"`,
  );
  return `<${name}${words.join('')}>${content}</${name}>`;
}

export const text = (x: number, y: number, content: string, attributes: Attributes = {}): string =>
  element('text', { x, y, ...attributes }, escapeText(content));

export const line = (x1: number, y1: number, x2: number, y2: number, kind: string): string =>
  element('line', { x1, y1, x2, y2, class: kind });

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escapeText = (content: string): string => content.replace(/[&<>"]/g, each => ESCAPES[each] as string);

/** About as wide as text of a proportional font gets, in pixels. */
export const widthOf = (content: string, size = 12): number => content.length * size * 0.56;

export const COLOURS = 6;

/** Colours that differ for most who see few, on a ground of their own, so that the page around it does not matter. */
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 14px; font-weight: 600; }
.ground { fill: #ffffff; }
.axis { stroke: #57606a; }
.grid { stroke: #d8dee4; }
.spread { stroke: #57606a; stroke-width: 1.5; }
.curve { fill: none; stroke-width: 2; }
.reference { stroke-dasharray: 6 4; }
.c0 { stroke: #0969da; fill: #0969da; } .c1 { stroke: #bc4c00; fill: #bc4c00; } .c2 { stroke: #1a7f37; fill: #1a7f37; }
.c3 { stroke: #8250df; fill: #8250df; } .c4 { stroke: #bf3989; fill: #bf3989; } .c5 { stroke: #6e7781; fill: #6e7781; }
.curve { fill: none; }
text.name { stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .ground { fill: #0d1117; }
  .axis, .spread { stroke: #9198a1; }
  .grid { stroke: #30363d; }
  .c0 { stroke: #58a6ff; fill: #58a6ff; } .c1 { stroke: #f0883e; fill: #f0883e; } .c2 { stroke: #3fb950; fill: #3fb950; }
  .c3 { stroke: #bc8cff; fill: #bc8cff; } .c4 { stroke: #f778ba; fill: #f778ba; } .c5 { stroke: #9198a1; fill: #9198a1; }
  .curve { fill: none; }
}
`;

export function picture(width: number, height: number, title: string, content: readonly string[]): string {
  const ground = element('rect', { width, height, rx: 6, class: 'ground' });
  const parts = [element('title', {}, escapeText(title)), element('style', {}, STYLE), ground];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
  };
  return `${element('svg', attributes, `\n${[...parts, ...content].join('\n')}\n`)}\n`;
}
