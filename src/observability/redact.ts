const REDACTED = '[redacted]';
const MAX_DEPTH = 8;
const MAX_ITEMS = 50;
const MAX_TEXT = 4096;

/** Compared in lower case without `-` and `_`, as a whole or, for the first group, as an ending. */
const SECRET_ENDINGS = [
  'authorization',
  'token',
  'secret',
  'password',
  'passphrase',
  'cookie',
  'apikey',
  'applicationkey',
  'encryptionkey',
  'privatekey',
  'credential',
  'credentials',
  'assertion',
];
const SECRET_NAMES = new Set(['key', 'databaseurl', 'connectionstring', 'codeverifier', 'authorizationcode']);

/** Credentials that arrive inside a text: a challenge answer, a URL with user information, a signed token. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  [/(\w:\/\/)[^\s/@:"]{0,256}:[^\s/@"]{1,1024}@/g, `$1${REDACTED}@`],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, REDACTED],
];

const verdicts = new Map<string, boolean>();

function isSecretName(name: string): boolean {
  const known = verdicts.get(name);
  if (known !== undefined) return known;
  const plain = name.toLowerCase().replace(/[-_]/g, '');
  const verdict = SECRET_NAMES.has(plain) || SECRET_ENDINGS.some((ending) => plain.endsWith(ending));
  // Field names come from our own code; the cap only guards against someone logging foreign keys.
  if (verdicts.size < 2000) verdicts.set(name, verdict);
  return verdict;
}

export function redactText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return SECRET_TEXTS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), short);
}

/**
 * What an error may say in a log. Libraries hang requests, SQL parameters and row values on their errors, so only
 * named fields are taken.
 */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined;
  const kind: unknown = 'kind' in error ? error.kind : undefined;
  return {
    type: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof kind === 'string' ? { kind } : {}),
    ...(error.stack ? { stack: redactText(error.stack) } : {}),
    ...(error instanceof AggregateError
      ? { errors: error.errors.slice(0, 10).map((inner) => redactAt(inner, depth + 1)) }
      : {}),
    ...(error.cause === undefined ? {} : { cause: redactAt(error.cause, depth + 1) }),
  };
}

/** Only plain data is walked: a request or a pool holds the whole process, credentials included. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function redactObject(value: object, depth: number): unknown {
  if (value instanceof Error) return depth > MAX_DEPTH ? '[too deep]' : redactError(value, depth);
  if (value instanceof Date) return value;
  if (depth > MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) {
    const shown = value.slice(0, MAX_ITEMS).map((item) => redactAt(item, depth + 1));
    return value.length > MAX_ITEMS ? [...shown, `[${value.length - MAX_ITEMS} more]`] : shown;
  }
  return isPlain(value) ? redactFields(value, depth) : `[${value.constructor.name}]`;
}

function redactFields(fields: object, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    // `hasToken: true` tells nothing; neither does an absent value.
    const harmless = typeof value === 'boolean' || value === null || value === undefined;
    clean[name] = isSecretName(name) && !harmless ? REDACTED : redactAt(value, depth + 1);
  }
  return clean;
}

function redactAt(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'object' && value !== null) return redactObject(value, depth);
  return value;
}

/** A copy without secrets, by field name and by shape, at any depth. */
export function redact(fields: object): Record<string, unknown> {
  return redactFields(fields, 0);
}
