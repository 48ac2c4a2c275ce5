import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { digestOf } from '../../src/core/profile/digest.ts';
import type { ProfileDirectory } from '../../src/host/profile-directory.ts';
import { KubeletRoot, oneFile } from '../support/host/kubelet-root.ts';

const NAMES = ['a.json', 'b.json'];
const TEXTS = ['one', 'two', 'three'];
/** Stands for a directory in the place of a file. */
const BLOCK = '<directory>';

type Step =
  | { do: 'install' | 'edit'; name: string; text: string }
  | { do: 'remove' | 'delete' | 'block'; name: string }
  | { do: 'check' | 'restart' };

/** What must be true of the directory, told by the rules alone. */
class Model {
  /** What a file of ours should hold. */
  readonly ours = new Map<string, string>();
  readonly disk = new Map<string, string>();

  install(name: string, text: string): boolean {
    const found = this.disk.get(name);
    if (!this.ours.has(name) && found !== undefined && found !== text) return false;
    this.ours.set(name, text);
    return this.repair(name);
  }

  remove(name: string): boolean {
    if (!this.ours.has(name)) return true;
    if (this.disk.get(name) === BLOCK) return false;
    this.disk.delete(name);
    return this.ours.delete(name);
  }

  repair(name: string): boolean {
    if (this.disk.get(name) === BLOCK) return false;
    this.disk.set(name, this.ours.get(name) as string);
    return true;
  }

  installed(): [string, string][] {
    return [...this.ours].filter(([name, text]) => this.disk.get(name) === text);
  }
}

const name = fc.constantFrom(...NAMES);
const text = fc.constantFrom(...TEXTS);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('install', 'edit'), name, text }),
    fc.record({ do: fc.constantFrom('remove', 'delete', 'block'), name }),
    fc.record({ do: fc.constantFrom('check', 'restart') }),
  ),
  { maxLength: 20 },
);

describe('any order of installs, removals, checks, restarts and changes by hand', () => {
  it('leaves on the disk what the rules say, and says what is there', async () => {
    await fc.assert(fc.asyncProperty(steps, followsTheModel), { numRuns: 100 });
  });
});

async function followsTheModel(each: Step[]): Promise<void> {
  const root = new KubeletRoot();
  const model = new Model();
  let directory = await root.open();
  try {
    for (const step of each) {
      if (step.do === 'restart') {
        await directory.close();
        directory = await root.open();
      }
      await take(step, root, directory, model);
      expect(onDisk(root)).to.deep.equal(model.disk);
      expect([...directory.owned()].sort()).to.deep.equal([...model.ours.keys()].sort());
      if (step.do === 'check' || step.do === 'restart') {
        const expected = model.installed().map(([fileName, content]) => [fileName, digestOf(content)]);
        expect([...directory.installed()].sort()).to.deep.equal(expected.sort());
      }
    }
  } finally {
    await root.remove();
  }
}

async function take(step: Step, root: KubeletRoot, directory: ProfileDirectory, model: Model): Promise<void> {
  switch (step.do) {
    case 'install': {
      const result = (await directory.install(oneFile(step.name, step.text))).get(step.name);
      expect(result?.ok).to.equal(model.install(step.name, step.text));
      return;
    }
    case 'remove':
      expect((await directory.remove([step.name])).get(step.name)?.ok).to.equal(model.remove(step.name));
      return;
    case 'check': {
      const { failed } = await directory.check();
      const stuck = [...model.ours.keys()].filter(fileName => !model.repair(fileName));
      expect([...failed.keys()].sort()).to.deep.equal(stuck.sort());
      return;
    }
    case 'edit':
      if (model.disk.get(step.name) === BLOCK) return;
      writeFileSync(root.file(step.name), step.text, { mode: 0o644 });
      model.disk.set(step.name, step.text);
      return;
    case 'delete':
    case 'block':
      rmSync(root.file(step.name), { recursive: true, force: true });
      model.disk.delete(step.name);
      if (step.do === 'delete') return;
      mkdirSync(root.file(step.name));
      model.disk.set(step.name, BLOCK);
  }
}

function onDisk(root: KubeletRoot): Map<string, string> {
  const names = readdirSync(root.profiles).filter(entry => entry !== '.installed');
  return new Map(
    names.map(entry => {
      const path = root.file(entry);
      return [entry, statSync(path).isDirectory() ? BLOCK : readFileSync(path, 'utf8')];
    }),
  );
}
