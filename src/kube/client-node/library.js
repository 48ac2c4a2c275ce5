// What of client-node goes into the bundles: how it finds credentials. Its generated API classes are 15 MB of code that would
// be loaded and never called, since every call goes through our transport. dot-i's Operator names two of them when it is
// constructed; the build puts this file in place of the package (scripts/build.mjs).
export { KubeConfig } from '../../../node_modules/@kubernetes/client-node/dist/config.js';

export class CoreV1Api {}
export class ApiextensionsV1Api {}

export function loadYaml() {
  throw new Error('client-node is bundled for its credentials only');
}
