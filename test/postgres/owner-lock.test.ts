import assert from 'node:assert/strict';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { acquireOwnerLock } from '../../src/postgres/embedded/owner-lock.ts';
import { scratchDirectory } from '../support/embedded-scratch.ts';

const FOREIGN_OWNER = JSON.stringify({ pid: 1, startTime: '1', pidScope: 'another container' });

async function foreignLock(t: TestContext): Promise<{ path: string; directory: string }> {
  const directory = await scratchDirectory(t);
  const path = join(directory, 'server.lock');
  await writeFile(path, FOREIGN_OWNER);
  return { path, directory };
}

test('A server in another container that still touches its lock keeps it', async (t) => {
  const { path, directory } = await foreignLock(t);
  const beat = setInterval(() => utimes(path, new Date(), new Date()), 50);
  t.after(() => clearInterval(beat));
  await assert.rejects(acquireOwnerLock(path, directory), { message: /another server \(pid 1\)/ });
  assert.equal(await readFile(path, 'utf8'), FOREIGN_OWNER);
});

test('A lock that a container left behind is taken over', async (t) => {
  const { path, directory } = await foreignLock(t);
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await utimes(path, anHourAgo, anHourAgo);
  const lock = await acquireOwnerLock(path, directory);
  assert.match(await readFile(path, 'utf8'), new RegExp(`"pid":${process.pid}`));
  await lock.release();
  await assert.rejects(readFile(path), { code: 'ENOENT' });
});

test('A lock that a power cut left empty is taken over', async (t) => {
  const directory = await scratchDirectory(t);
  const path = join(directory, 'server.lock');
  await writeFile(path, '');
  const lock = await acquireOwnerLock(path, directory);
  await lock.release();
});

test('A lock that somebody else has taken over in the meantime is not released', async (t) => {
  const directory = await scratchDirectory(t);
  const path = join(directory, 'server.lock');
  const lock = await acquireOwnerLock(path, directory);
  await writeFile(path, FOREIGN_OWNER);
  await lock.release();
  assert.equal(await readFile(path, 'utf8'), FOREIGN_OWNER);
});
