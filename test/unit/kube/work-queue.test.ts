import { expect } from 'chai';
import fc from 'fast-check';
import { ApiError } from '../../../src/kube/errors.ts';
import { WorkQueue, type WorkQueueOptions } from '../../../src/kube/work-queue.ts';

/** A queue that is started already. */
function queueOf(options: Partial<WorkQueueOptions> & Pick<WorkQueueOptions, 'work'>): WorkQueue {
  const queue = new WorkQueue({ concurrency: 1, backoff: { initialMs: 1, maxMs: 2 }, ...options });
  queue.start();
  return queue;
}

describe('work queue', () => {
  it('works on a key once, however often it was added while it waited', async () => {
    const worked: string[] = [];
    const queue = queueOf({ work: async key => void worked.push(key) });
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await queue.whenIdle();
    expect(worked).to.deep.equal(['a', 'b']);
  });

  it('works on what has changed before what is only looked at again', async () => {
    const worked: string[] = [];
    const queue = queueOf({
      work: async key => {
        worked.push(key);
        if (key === 'old-1') queue.add('edited');
      },
    });
    for (const key of ['old-1', 'old-2', 'old-3']) queue.addResync(key);
    queue.add('new');
    queue.add('old-3');
    await queue.whenIdle();
    expect(worked).to.deep.equal(['new', 'old-3', 'old-1', 'edited', 'old-2']);
  });

  it('works on a key once more when it was added during its work', async () => {
    let runs = 0;
    const queue = queueOf({
      work: async key => {
        runs += 1;
        if (runs === 1) queue.add(key);
      },
    });
    queue.add('a');
    await queue.whenIdle();
    expect(runs).to.equal(2);
  });

  it('never works on one key twice at once, loses nothing, and keeps to its concurrency', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), yields: fc.nat(3) })),
        fc.integer({ min: 1, max: 3 }),
        async (additions, concurrency) => {
          const active = new Set<string>();
          const seen = new Map<string, number>();
          const problems: string[] = [];
          let added = 0;
          const queue = queueOf({
            concurrency,
            work: async key => {
              if (active.has(key)) problems.push(`two workers on ${key}`);
              active.add(key);
              const upTo = added;
              if (active.size > concurrency) problems.push('too many workers');
              await new Promise(setImmediate);
              active.delete(key);
              seen.set(key, upTo);
            },
          });
          const last = new Map<string, number>();
          for (const { key, yields } of additions) {
            added += 1;
            last.set(key, added);
            queue.add(key);
            for (let i = 0; i < yields; i++) await new Promise(setImmediate);
          }
          await queue.whenIdle();
          expect(problems).to.deep.equal([]);
          // Each key's last work began after its last addition: what it read was current.
          for (const [key, addedAt] of last) expect(seen.get(key), key).to.be.at.least(addedAt);
        },
      ),
    ));

  it('tries a failing key again until it succeeds, and does not hold up the others', async () => {
    const worked: string[] = [];
    const attempts: number[] = [];
    const healed = Promise.withResolvers<void>();
    const queue = queueOf({
      work: async key => {
        worked.push(key);
        if (key !== 'bad') return;
        if (attempts.length < 3) throw new Error('not yet');
        healed.resolve();
      },
      onError: (_key, _error, attempt) => attempts.push(attempt),
    });
    queue.add('bad');
    queue.add('good');
    await healed.promise;
    expect(worked.slice(0, 2)).to.deep.equal(['bad', 'good']);
    expect(attempts).to.deep.equal([1, 2, 3]);
  });

  it('works on nothing before it is started', async () => {
    const worked: string[] = [];
    const queue = new WorkQueue({
      concurrency: 2,
      backoff: { initialMs: 1, maxMs: 2 },
      work: async key => void worked.push(key),
    });
    queue.add('a');
    await new Promise(setImmediate);
    expect(worked).to.deep.equal([]);
    queue.start();
    await queue.whenIdle();
    expect(worked).to.deep.equal(['a']);
  });

  it('works at once on a key that is added while it backs off', async () => {
    let runs = 0;
    const queue = queueOf({
      backoff: { initialMs: 3_600_000, maxMs: 3_600_000 },
      work: async () => {
        runs += 1;
        if (runs === 1) throw new Error('not yet');
      },
    });
    queue.add('a');
    await queue.whenIdle();
    expect(runs).to.equal(1);
    queue.add('a');
    await queue.whenIdle();
    expect(runs).to.equal(2);
    await queue.stop();
  });

  it('leaves the server alone for as long as it asks', async () => {
    let runs = 0;
    const queue = queueOf({
      work: async key => {
        runs += 1;
        if (key === 'refused') throw new ApiError('PUT /x', 429, {}, 3_600_000);
        // By now, the first key would have been tried again after 1 ms.
        if (runs < 20) queue.addAfter('other', 1);
        else done.resolve();
      },
    });
    const done = Promise.withResolvers<void>();
    queue.add('refused');
    queue.add('other');
    await done.promise;
    await queue.stop();
    expect(runs).to.equal(20);
  });

  it('adds a key later at the earliest of the times asked for, once', async () => {
    let runs = 0;
    const ran = Promise.withResolvers<void>();
    const queue = queueOf({
      work: async () => {
        runs += 1;
        ran.resolve();
      },
    });
    queue.addAfter('a', 3_600_000);
    queue.addAfter('a', 1);
    queue.addAfter('a', 3_600_000);
    await ran.promise;
    await queue.stop();
    expect(runs).to.equal(1);
  });

  it('stops: waits for the work under way, and starts none after', async () => {
    const worked: string[] = [];
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const queue = queueOf({
      work: async key => {
        begun.resolve();
        await release.promise;
        worked.push(key);
      },
    });
    queue.add('a');
    queue.add('b');
    await begun.promise;
    const stopped = queue.stop();
    queue.add('c');
    expect(worked).to.deep.equal([]);
    release.resolve();
    await stopped;
    await queue.whenIdle();
    expect(worked).to.deep.equal(['a']);
  });
});
