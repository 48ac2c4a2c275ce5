import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { DEFAULT_AGENT_CONFIG } from '../../src/core/daemonset/config.ts';

const CHART = join(import.meta.dirname, '../../charts/seccomp-operator');
const read = (file: string) => readFileSync(join(CHART, file), 'utf8');

describe('the schema of the Helm chart’s values', () => {
  const schema = JSON.parse(read('values.schema.json'));
  const values = parse(read('values.yaml'));

  it('knows the settings of agent.yaml, and no others', () => {
    expect(Object.keys(schema.properties.agent.properties)).to.have.members(Object.keys(DEFAULT_AGENT_CONFIG));
  });

  it('knows the values there are, and refuses others', () => {
    expect(Object.keys(schema.properties)).to.have.members(['global', ...Object.keys(values)]);
    for (const part of [schema, schema.properties.image, schema.properties.agent, schema.properties.crds])
      expect(part.additionalProperties).to.equal(false);
  });
});
