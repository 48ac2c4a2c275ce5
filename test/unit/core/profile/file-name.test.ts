import { expect } from 'chai';
import { isProfileFileName, localhostProfile, profileFileName } from '../../../../src/core/profile/file-name.ts';

describe('the file of a profile', () => {
  it('is named as the profile', () => {
    expect(profileFileName('nginx-1.25')).to.equal('nginx-1.25.json');
    expect(localhostProfile('nginx-1.25')).to.equal('operator/nginx-1.25.json');
  });

  it('gets no second extension', () => {
    expect(profileFileName('nginx.json')).to.equal('nginx.json');
    expect(localhostProfile('nginx.json')).to.equal('operator/nginx.json');
  });

  it('has a name that the node takes, for every name the API server takes', () => {
    for (const name of ['a', '0', 'a.b.c', 'x-1.json', 'a'.repeat(245)]) {
      expect(isProfileFileName(profileFileName(name)), name).to.equal(true);
    }
  });

  const refused: [string, string][] = [
    ['nothing', ''],
    ['nothing but the extension', '.json'],
    ['the parent directory', '..'],
    ['a path upwards', '../x.json'],
    ['a directory', 'a/b.json'],
    ['a hidden file', '.x.json'],
    ['two dots in a row', 'a..json'],
    ['a NUL byte', 'a\0.json'],
    ['a line break at the end', 'a.json\n'],
    ['another extension', 'a.yaml'],
    ['upper case', 'A.json'],
    ['a letter of two bytes', 'é.json'],
    ['a wildcard', '*.json'],
    ['more than 255 bytes', `${'a'.repeat(251)}.json`],
  ];
  for (const [what, fileName] of refused) {
    it(`is never ${what}`, () => {
      expect(isProfileFileName(fileName)).to.equal(false);
    });
  }
});
