import { ConfigError } from './config.ts';
import { EncryptionKeyError } from './http/encryption.ts';
import { ListenError } from './http/server.ts';
import { OperationError } from './operations/operation-error.ts';
import { DatabaseSetupError } from './postgres/database-setup-error.ts';
import { EmbeddedServerError } from './postgres/embedded/embedded-server-error.ts';

const expected = [
  ConfigError,
  EncryptionKeyError,
  ListenError,
  EmbeddedServerError,
  DatabaseSetupError,
  OperationError,
];

/** Faults of the surroundings are told in their own sentence; a fault of ours keeps its stack. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return expected.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}
