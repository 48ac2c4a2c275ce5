import { setTimeout as pause } from 'node:timers/promises';
import type { SeccompProfile } from '../../core/api/seccomp-profile.ts';
import { GROUP, PROFILE_PLURAL, ROLLOUT_ANNOTATION, VERSION } from '../../core/names.ts';
import { requestText, VERBS, type Verb } from '../../core/rollout/request.ts';
import { resourcePath } from '../../kube/objects.ts';
import type { Transport } from '../../kube/transport.ts';
import { get, list, withCluster } from '../cluster.ts';
import { type Command, type Given, type Outcome, UsageError } from '../command.ts';
import { formatOf, printObjects, printTable, wrapped } from '../output.ts';
import { notesOf, rolloutRows, stageRows } from '../rollout-text.ts';

const ANSWER_MS = 30_000;
const LOOK_MS = 200;

export const rollout: Command = {
  name: 'rollout',
  operands: 'ACTION [NAME]',
  least: 1,
  most: 2,
  summary: 'Of a rollout: status, pause, resume, promote, undo.',
  options: {},
  examples: ['rollout status', 'rollout status web', 'rollout promote web', 'rollout undo web'],
  run(given) {
    const [word = '', name] = given.operands;
    if (word === 'status') return name ? statusOf(name, given) : statusOfAll(given);
    const verb = VERBS.find(each => each === word);
    if (!verb) throw new UsageError(`rollout ${word}: use status, ${VERBS.join(', ')}`);
    if (!name) throw new UsageError(`rollout ${verb} takes the NAME of a profile`);
    return ask(name, verb);
  },
};

async function statusOfAll(given: Given): Promise<Outcome> {
  const format = formatOf(given);
  const profiles = (await list<SeccompProfile>(PROFILE_PLURAL)).filter(({ spec }) => spec.rollout);
  const text = format === 'table' ? printTable(rolloutRows(profiles)) : printObjects(profiles, format);
  return { text, code: profiles.some(waitsForSomebody) ? 1 : 0 };
}

async function statusOf(name: string, given: Given): Promise<Outcome> {
  const format = formatOf(given);
  const profile = withRollout(await get<SeccompProfile>(PROFILE_PLURAL, name));
  const text =
    format === 'table'
      ? `${printTable(stageRows(profile))}\n${notesOf(profile)
          .map(note => wrapped(note))
          .join('')}`
      : printObjects(profile, format);
  return { text, code: waitsForSomebody(profile) ? 1 : 0 };
}

const waitsForSomebody = ({ status }: SeccompProfile): boolean =>
  status?.rollout?.phase === 'Held' || status?.rollout?.phase === 'RolledBack';

function withRollout(profile: SeccompProfile): SeccompProfile {
  if (profile.spec.rollout) return profile;
  throw new Error(`${profile.metadata.name} has no spec.rollout: give it stages, or set spec.mode`);
}

/** Annotates the profile, meant for the stage it is at now, and waits for what the operator says. */
async function ask(name: string, verb: Verb): Promise<Outcome> {
  return withCluster(async transport => {
    const path = resourcePath({ group: GROUP, version: VERSION, plural: PROFILE_PLURAL, name });
    const profile = withRollout(await get<SeccompProfile>(PROFILE_PLURAL, name));
    const state = profile.status?.rollout;
    if (!state) throw new Error(`${name} is at no stage yet: does the operator run, and is the profile enabled?`);
    const request = requestText(verb, state.stage, new Date());
    await transport.request('PATCH', path, {
      contentType: 'application/merge-patch+json',
      query: { fieldManager: 'kubectl-seccomp' },
      body: { metadata: { annotations: { [ROLLOUT_ANNOTATION]: request } } },
    });
    const answer = await answerTo(request, path, transport);
    if (answer === undefined)
      throw new Error(
        `${name}: asked to ${verb}, and not answered yet: does the operator run? It answers when it does`,
      );
    return { text: `${name}: ${answer}\n`, code: answer.startsWith('refused') ? 1 : 0 };
  });
}

async function answerTo(request: string, path: string, transport: Transport): Promise<string | undefined> {
  for (const end = performance.now() + ANSWER_MS; performance.now() < end; await pause(LOOK_MS)) {
    const { status } = await transport.request<SeccompProfile>('GET', path);
    if (status?.rollout?.request === request) return status.rollout.answer ?? '';
  }
  return undefined;
}
