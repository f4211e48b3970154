import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startEmbeddedServer } from '../../src/postgres/embedded-server.ts';
import {
  cleanUpLater,
  query,
  scratchDirectory,
  spawnServerProcess,
  startHere,
} from '../support/embedded-scratch.ts';

test('A second server on the data directory of a living one is refused and leaves its database alone', async (t) => {
  const dataDir = await scratchDirectory(t);
  const first = spawnServerProcess(t, dataDir);
  const url = await first.hear('ready');
  await assert.rejects(startEmbeddedServer({ dataDir }), {
    name: 'EmbeddedServerError',
    message: new RegExp(`^another server \\(pid ${first.pid}\\) is using this data directory ${dataDir}: `),
  });
  assert.deepEqual(await query(url, 'select 1 as one'), [{ one: 1 }]);
});

test('The same process cannot open a data directory twice', async (t) => {
  const dataDir = await scratchDirectory(t);
  const { url } = await startHere(t, dataDir);
  await assert.rejects(startEmbeddedServer({ dataDir }), {
    message: /^this process is using this data directory/,
  });
  assert.deepEqual(await query(url, 'select 1 as one'), [{ one: 1 }]);
});

test('Of two servers that start at the same moment on a new directory one wins', async (t) => {
  const dataDir = await scratchDirectory(t);
  const results = await Promise.allSettled([
    startEmbeddedServer({ dataDir }),
    startEmbeddedServer({ dataDir }),
  ]);
  const servers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  cleanUpLater(t, () => Promise.all(servers.map((server) => server.stop())));
  assert.equal(servers.length, 1);
});

test('A data directory that is a file is refused', async (t) => {
  const file = join(await scratchDirectory(t), 'file');
  await writeFile(file, '');
  for (const dataDir of [file, join(file, 'below')]) {
    await assert.rejects(startEmbeddedServer({ dataDir }), {
      name: 'EmbeddedServerError',
      message: /is a file: set DATA_DIR to a directory/,
    });
  }
});

test('A data directory without write permission is refused', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may write everywhere');
  const dataDir = await scratchDirectory(t);
  await chmod(dataDir, 0o500);
  await assert.rejects(startEmbeddedServer({ dataDir }), {
    name: 'EmbeddedServerError',
    message: /no permission for .*: make it writable for the user that starts the server, or set DATA_DIR/,
  });
});

test('A data directory where not even root may write is refused', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs the file systems of the kernel');
  for (const dataDir of ['/sys/rollcall', '/proc/rollcall']) {
    await assert.rejects(startEmbeddedServer({ dataDir }), {
      name: 'EmbeddedServerError',
      message: /set DATA_DIR/,
    });
  }
});

test('A cluster of another PostgreSQL version is refused and left as it is', async (t) => {
  const dataDir = await scratchDirectory(t);
  await mkdir(join(dataDir, 'postgres'));
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '15\n');
  await assert.rejects(startEmbeddedServer({ dataDir }), {
    name: 'EmbeddedServerError',
    message: /was written by PostgreSQL 15, this release runs PostgreSQL 18: .*pg_dump/,
  });
});

test('Other files in the place of the cluster are refused and left as they are', async (t) => {
  const dataDir = await scratchDirectory(t);
  await mkdir(join(dataDir, 'postgres'));
  await writeFile(join(dataDir, 'postgres', 'holiday.jpg'), '');
  await assert.rejects(startEmbeddedServer({ dataDir }), {
    name: 'EmbeddedServerError',
    message: /holds files but no database cluster: move it away/,
  });
});
