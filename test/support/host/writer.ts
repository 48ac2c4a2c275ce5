/**
 * Edits the profiles as fast as it can until it is killed: `node writer.ts <kubelet root> <first version> [<last version>]`.
 * Says `open` when it has repaired what the one before it left. Ends with the process that started it.
 */
import { silentLog } from '../../../src/core/log.ts';
import { ProfileDirectory } from '../../../src/host/profile-directory.ts';
import { FILE_NAMES, textOf } from './versions.ts';

const [kubeletRoot = '', first, last = Number.MAX_SAFE_INTEGER] = process.argv.slice(2);
process.stdin.resume().once('end', () => process.exit(1));
const directory = await ProfileDirectory.open({ kubeletRoot, log: silentLog });
await directory.check();
console.log('open');
for (let version = Number(first); version <= Number(last); version++) {
  const results = await directory.install(new Map(FILE_NAMES.map(name => [name, textOf(version)])));
  for (const result of results.values()) if (!result.ok) throw new Error(result.message);
}
await directory.close();
process.stdin.destroy();
