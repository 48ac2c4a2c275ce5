import { expect } from 'chai';
import { loadProblem } from '../../../../src/core/profile/loadable.ts';

const RULE = '"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]';

describe('a text that is to become a seccomp file', () => {
  it('passes when a runtime can load it', () => {
    expect(loadProblem(`{"defaultAction":"SCMP_ACT_ERRNO",${RULE}}`)).to.equal(undefined);
  });

  it('passes with a field that nobody knows', () => {
    expect(loadProblem(`{"defaultAction":"SCMP_ACT_ERRNO","comment":"",${RULE}}`)).to.equal(undefined);
  });

  const unsafe: [string, string, RegExp][] = [
    ['is cut short', '{"defaultAction":"SCMP_ACT_ERRNO"', /no JSON/],
    ['is empty', '', /no JSON/],
    ['is null, under which runc runs unconfined', 'null', /no JSON object/],
    ['is a list', '[]', /no JSON object/],
    ['is {}, under which runc runs unconfined', '{}', /no defaultAction/],
    [
      'is a whole manifest',
      `{"kind":"SeccompProfile","spec":{"defaultAction":"SCMP_ACT_ERRNO",${RULE}}}`,
      /no defaultAction/,
    ],
    ['has an action that does not exist', `{"defaultAction":"SCMP_ACT_FOO",${RULE}}`, /no defaultAction/],
    ['has no rule', '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}', /no syscalls/],
    [
      'has a second default action that Go takes for the last one',
      `{"defaultAction":"SCMP_ACT_ERRNO",${RULE},"DefaultAction":""}`,
      /has "DefaultAction", which runtimes take for defaultAction/,
    ],
    [
      'has rules under a name that folds to the right one',
      `{"defaultAction":"SCMP_ACT_ERRNO",${RULE},"\u017fyscalls":null}`,
      /which runtimes take for syscalls/,
    ],
    ['has null for rules', '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":null}', /no syscalls/],
  ];
  for (const [what, text, problem] of unsafe) {
    it(`is stopped when it ${what}`, () => {
      expect(loadProblem(text)).to.match(problem);
    });
  }
});
