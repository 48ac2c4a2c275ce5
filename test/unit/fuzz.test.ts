import { run } from '../fuzz/target.ts';
import { TARGETS } from '../fuzz/targets.ts';

/** The short form; `npm run fuzz` gives a million inputs. */
describe('whatever it is given, no parser crashes, hangs or accepts nonsense', () => {
  for (const target of TARGETS) {
    it(target.name, () => run(target, 500));
  }
});
