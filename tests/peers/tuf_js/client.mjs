// node client.mjs PUBLIC-FOLDER WORK-FOLDER TARGET…: serves the folder of a repository on loopback, trusts its first
// root, refreshes with tuf-js and downloads the targets. Prints one JSON object, {path: hex SHA-256}; exits with 1 and
// the reason when anything is refused. Runs in a folder that has tuf-js below node_modules.
import { createHash } from 'node:crypto';
import { copyFileSync, createReadStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join, normalize } from 'node:path';

const { Updater } = createRequire(join(process.cwd(), 'package.json'))('tuf-js');
const [publicFolder, workFolder, ...targets] = process.argv.slice(2);

const requests = [];
const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
  // Roles whose names need it are stored percent-encoded; targets under their own names.
  const found = [path, request.url].map((name) => join(publicFolder, name)).find((name) => {
    const file = statSync(name, { throwIfNoEntry: false });
    return file?.isFile();
  });
  requests.push(path);
  if (!found) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'Content-Length': statSync(found).size });
  createReadStream(found).pipe(response);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;

let status = 0;
try {
  const metadataDir = join(workFolder, 'metadata');
  const targetDir = join(workFolder, 'targets');
  mkdirSync(metadataDir, { recursive: true });
  mkdirSync(targetDir, { recursive: true });
  copyFileSync(join(publicFolder, 'metadata', '1.root.json'), join(metadataDir, 'root.json'));
  const updater = new Updater({
    metadataDir,
    targetDir,
    metadataBaseUrl: `${base}/metadata`,
    targetBaseUrl: `${base}/targets`,
    config: { fetchTimeout: 20000, fetchRetries: 0 },
  });
  await updater.refresh();
  const digests = {};
  for (const target of targets) {
    const info = await updater.getTargetInfo(target);
    if (!info) {
      throw new Error(`no such target: ${target}`);
    }
    const file = await updater.downloadTarget(info);
    digests[target] = createHash('sha256').update(readFileSync(file)).digest('hex');
  }
  console.log(JSON.stringify({ digests, requests }));
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  status = 1;
}
server.close();
process.exit(status);
