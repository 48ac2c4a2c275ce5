import { PROFILE_DIRECTORY } from '../names.ts';

const EXTENSION = '.json';

/** The file of a profile. A name that ends in `.json` stays as it is: Security Profiles Operator does the same. */
export function profileFileName(profile: string): string {
  return profile.endsWith(EXTENSION) ? profile : profile + EXTENSION;
}

/** What a Pod names in `seccompProfile.localhostProfile`: relative to the kubelet's seccomp directory. */
export function localhostProfile(profile: string): string {
  return `${PROFILE_DIRECTORY}/${profileFileName(profile)}`;
}

/** The profiles whose file this may be, by what a Pod names: `operator/a.json` is that of `a`, or of `a.json`. */
export function profileNames(localhostProfile: string): string[] {
  const file = localhostProfile.slice(PROFILE_DIRECTORY.length + 1);
  return file.endsWith(EXTENSION) ? [file.slice(0, -EXTENSION.length), file] : [];
}

/** A DNS subdomain, as the API server demands of object names (RFC 1123), that ends in `.json`; NAME_MAX is 255 bytes. */
const FILE_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\.json$/;

/** Checked again on the node: whatever a ConfigMap says, only such a name becomes a path. */
export function isProfileFileName(fileName: string): boolean {
  return fileName.length <= 255 && FILE_NAME.test(fileName);
}
