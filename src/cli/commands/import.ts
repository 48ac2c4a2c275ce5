import { FormatError } from '../../core/convert/format-error.ts';
import { readDockerProfile } from '../../core/convert/read-docker.ts';
import { type Resolution, resolve } from '../../core/convert/resolve.ts';
import { CIRCUMSTANCES, circumstancesOf } from '../circumstances.ts';
import type { Command, Given } from '../command.ts';
import { readText } from '../manifest.ts';
import { formatOf, printObjects } from '../output.ts';
import { nameOf, readJson } from '../profile-source.ts';
import { printProfile, profileOf } from '../profile-yaml.ts';

export const importProfile: Command = {
  name: 'import',
  operands: 'FILE',
  least: 1,
  most: 1,
  summary: 'A profile of Docker, Podman or a runtime (JSON) as a SeccompProfile.',
  options: {
    name: { type: 'string', value: 'NAME', help: "the SeccompProfile's name; made of the file's unless given" },
    ...CIRCUMSTANCES,
  },
  examples: [
    'import default.json > docker-default.yaml',
    'import default.json --capabilities default,SYS_TIME --arch amd64,arm64',
    'import config.json --name as-it-runs -o json',
  ],
  run(given) {
    const format = formatOf(given);
    const [file = '-'] = given.operands;
    const { resolution, unknown } = read(file, given);
    const profile = profileOf(String(given.options['name'] ?? nameOf(file)), resolution.spec);
    const text =
      format === 'json'
        ? printObjects(profile, format)
        : printProfile(profile, { head: headOf(given, file, resolution), rules: resolution.comments });
    return {
      text,
      notes: unknown.map(field => `${file}: ${field}: nobody reads this field; left out\n`).join(''),
      code: 0,
    };
  },
};

function read(file: string, given: Given) {
  const json = readJson(file, readText(file));
  try {
    const profile = readDockerProfile(json);
    return { resolution: resolve(profile, circumstancesOf(given)), unknown: profile.unknown };
  } catch (error) {
    throw error instanceof FormatError ? new Error(`${file}: ${error.message}`) : error;
  }
}

/** Which conditions of the file were decided, and how: what the profile no longer says itself. */
function headOf({ options }: Given, file: string, { left }: Resolution): string[] {
  const { arch, capabilities, kernel } = options;
  const made = `Imported from ${file === '-' ? 'standard input' : (file.split('/').at(-1) ?? file)}`;
  if (left.length === 0) return [`${made}.`];
  const reasons = left.map(({ rule: { at, rule }, because }) => {
    const [first = '', ...others] = rule.names;
    return `  syscalls[${at}] (${first}${others.length ? `, ${others.length} more` : ''}): ${because}`;
  });
  return [
    `${made} for: arch ${arch}, capabilities ${capabilities}, kernel ${kernel}.`,
    'Left out for that:',
    ...reasons,
  ];
}
