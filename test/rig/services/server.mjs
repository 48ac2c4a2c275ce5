// A small web server, as one writes it with what Node brings: files, compression and hashes go to its threads.
import { pbkdf2 } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const server = createServer(async (_request, response) => {
  const body = await readFile('/services/www/hello.txt');
  await promisify(gzip)(body);
  await promisify(pbkdf2)('password', 'salt', 1_000, 32, 'sha256');
  response.end(body);
});
server.listen(8080, '127.0.0.1');
process.on('SIGTERM', () => server.close());
