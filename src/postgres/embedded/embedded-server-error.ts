/** The embedded database cannot run. The message is one line for the operator and says what to do. */
export class EmbeddedServerError extends Error {
  override readonly name = 'EmbeddedServerError';
}

/** Reads the `code` of a system error (`ENOENT`, `EACCES`, …). */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Turns a failure to use a path of the data directory into a sentence that says what to do. */
export function explainFileError(error: unknown, path: string): EmbeddedServerError {
  if (error instanceof EmbeddedServerError) return error;
  const code = systemErrorCode(error);
  return new EmbeddedServerError(`${fileErrorSentence(code, path)} (${code ?? String(error)})`, {
    cause: error,
  });
}

function fileErrorSentence(code: string | undefined, path: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `The data directory cannot be used, no permission for ${path}: make it writable for the user that starts the server, or set DATA_DIR to another directory`;
    case 'EROFS':
      return `The data directory cannot be used, ${path} is on a read-only file system: set DATA_DIR to a writable directory`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `The data directory cannot be used, ${path} or a part of that path is a file: set DATA_DIR to a directory`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `No space is left on the file system of ${path}: free some space, then start again`;
    default:
      return `The data directory cannot be used, ${path} could not be opened or made: check the path, or set DATA_DIR to another directory`;
  }
}
