import { localhostProfile } from '../profile/file-name.ts';
import { type Finding, Remarks } from './findings.ts';
import { type ForeignObject, isOfSpo, titleOf } from './foreign-object.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Kinds of Security Profiles Operator's API, by plural, that a person has made or set and would miss. */
export const KINDS: Readonly<Record<string, string>> = {
  seccompprofiles: 'SeccompProfile',
  profilebindings: 'ProfileBinding',
  profilerecordings: 'ProfileRecording',
  selinuxprofiles: 'SelinuxProfile',
  rawselinuxprofiles: 'RawSelinuxProfile',
  apparmorprofiles: 'AppArmorProfile',
  securityprofilesoperatordaemons: 'SecurityProfilesOperatorDaemon',
};

const STAYS = 'no seccomp profile: leave it with Security Profiles Operator, which can run beside this one';

const REASONS: Readonly<Record<string, (spec: Fields) => readonly string[]>> = {
  ProfileBinding: binding,
  ProfileRecording: () => [
    'write a SeccompRecording instead, see docs/recording.md; profiles that it has finished are carried over',
  ],
  SelinuxProfile: () => [STAYS],
  RawSelinuxProfile: () => [STAYS],
  AppArmorProfile: () => [STAYS],
  SecurityProfilesOperatorDaemon: daemon,
  SecurityProfileNodeStatus: () => [],
};

/** What is to be said of an object that is no profile; nothing where nobody will miss it. */
export function leaveOut(object: ForeignObject): Finding | undefined {
  const reasons = isOfSpo(object) ? REASONS[object.kind ?? ''] : undefined;
  const texts = reasons ? reasons(object.spec ?? {}) : ['no object of Security Profiles Operator that is known here'];
  if (texts.length === 0) return undefined;
  const remarks = new Remarks();
  for (const text of texts) remarks.problem(text);
  return remarks.of(titleOf(object));
}

function binding({ image, profileRef }: Fields): readonly string[] {
  const { kind, name = '' } = (profileRef ?? {}) as { kind?: string; name?: string };
  if (kind !== undefined && kind !== 'SeccompProfile') return [STAYS];
  const which = image === '*' || !image ? 'Pods of its namespace' : `Pods with the image ${image}`;
  return [
    `no webhook changes Pods here: name the profile in ${which}, securityContext.seccompProfile ` +
      `{type: Localhost, localhostProfile: ${localhostProfile(name)}}`,
  ];
}

/** In v1 some settings moved into groups (`enricher`, `security`, `scheduling`); the names stayed. */
function daemon(spec: Fields): readonly string[] {
  const grouped = ['enricher', 'security', 'scheduling'].map(group => (spec[group] ?? {}) as Fields);
  const settings: Fields = Object.assign({}, spec, ...grouped);
  const isSet = (name: string) => {
    const value = settings[name];
    return Array.isArray(value) ? value.length > 0 : Boolean(value);
  };
  return [
    ...['allowedSyscalls', 'allowedSeccompActions'].filter(isSet).map(name => `${name}: ${ADMISSION}`),
    ...['enableLogEnricher', 'enableJsonEnricher', 'enableBpfRecorder']
      .filter(isSet)
      .map(name => `${name}: ${ENRICHER}`),
    ...['tolerations', 'affinity', 'imagePullSecrets'].filter(isSet).map(name => `${name}: ${PLACEMENT}`),
  ];
}

const ADMISSION = 'nothing restricts what profiles may say here; write a ValidatingAdmissionPolicy on seccompprofiles';
const ENRICHER = 'not carried over; Security Profiles Operator can keep this task';
const PLACEMENT = 'where the agents run is set in agent.yaml of the ConfigMap seccomp-operator';
