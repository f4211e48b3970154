import { closeOwnRun, openSharedRun } from './test-run.ts';

// Read by `node --test --test-global-setup`: one throw-away database server for all test files of a run. It starts with
// the first test that asks for a database.

export async function globalSetup(): Promise<void> {
  await openSharedRun();
}

export async function globalTeardown(): Promise<void> {
  await closeOwnRun();
}
