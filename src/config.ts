import { createSecretKey, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { z } from 'zod';

const MIN_API_KEY_LENGTH = 32;
const ENCRYPTION_KEY_BYTES = 32;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Addresses without trailing slash. */
interface CloudAddresses {
  readonly authority?: string;
  readonly graph?: string;
  /** What tokens for Graph are asked for, where that is not its address. */
  readonly graphResource?: string;
}

type CloudOverrides = Readonly<Record<'global' | 'usgov' | 'china', CloudAddresses>>;

export type Config = {
  readonly port: number;
  readonly host: string;
  /** Without trailing slash; absent when PUBLIC_URL is not set, see `publicUrlOf`. */
  readonly publicUrl: string | undefined;
  /** Absolute path. */
  readonly dataDir: string;
  /** Absent: the embedded database in `dataDir` is used. */
  readonly databaseUrl: string | undefined;
  readonly databasePoolSize: number;
  readonly adminApiKey: string | undefined;
  readonly operatorApiKey: string | undefined;
  /** A key object and not bytes: it cannot be printed or serialised by accident. */
  readonly encryptionKey: KeyObject | undefined;
  readonly logLevel: LogLevel;
  readonly requestTimeoutMs: number;
  /** SCIM requests a second of one connection; 0 for no limit. */
  readonly rateLimitPerSecond: number;
  readonly shutdownGraceMs: number;
  /** How long the provisioning log is kept; 0: for ever. */
  readonly logRetentionDays: number;
  /** How often the directory of a connection is asked for changes. */
  readonly graphPollMs: number;
  /** Where clouds are reached, for those that are not at their public addresses. */
  readonly cloudOverrides: CloudOverrides;
  /** Webhooks may also call plain http, any port, and addresses inside the operator's own network. */
  readonly webhookAllowPrivate: boolean;
};

/** All faults of the environment at once, one line each. Never carries the value of a secret. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

function wholeNumber(unset: number, min: number, max: number, unit = '') {
  const message = `must be a whole number${unit} from ${min} to ${max}; unset it to use ${unset}`;
  return z
    .string()
    .optional()
    .transform((text, check) => {
      if (text === undefined) return unset;
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      check.addIssue({ code: 'custom', message });
      return z.NEVER;
    });
}

function seconds(unset: number, min: number, max: number) {
  return wholeNumber(unset, min, max, ' of seconds').transform((value) => value * 1000);
}

function readPublicUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol)) return undefined;
  if (url.username || url.password || url.search || url.hash || text.includes('?') || text.includes('#')) {
    return undefined;
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Tokens and keys go there, so it has to be encrypted unless it stays on this machine. */
function readCloudUrl(text: string): string | undefined {
  const url = readPublicUrl(text);
  if (url === undefined) return undefined;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname) ? url : undefined;
}

function readDatabaseUrl(text: string): string | undefined {
  return /^postgres(ql)?:\/\//i.test(text) && URL.canParse(text) ? text : undefined;
}

function readEncryptionKey(text: string): KeyObject | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return createSecretKey(Buffer.from(text, 'hex'));
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === ENCRYPTION_KEY_BYTES ? createSecretKey(bytes) : undefined;
}

/** Bearer credentials travel in a header, so only visible ASCII without spaces can ever match. */
function readApiKey(text: string): string | undefined {
  return text.length >= MIN_API_KEY_LENGTH && /^[\x21-\x7e]+$/.test(text) ? text : undefined;
}

function optionalText<T>(read: (text: string) => T | undefined, message: string) {
  return z
    .string()
    .optional()
    .transform((text, check) => {
      if (text === undefined) return undefined;
      const value = read(text);
      if (value !== undefined) return value;
      check.addIssue({ code: 'custom', message });
      return z.NEVER;
    });
}

const apiKey = optionalText(
  readApiKey,
  `must have at least ${MIN_API_KEY_LENGTH} visible ASCII characters and no spaces; make one with: openssl rand -hex 32`,
);

const cloudUrl = optionalText(
  readCloudUrl,
  'must be an absolute https URL without credentials, query or fragment, such as https://login.example.com; http is for this ' +
    'machine only; unset it to use the public address of the cloud',
);

const flag = z
  .string()
  .optional()
  .default('false')
  .pipe(z.enum(['true', 'false'], { error: 'must be true or false; unset it to use false' }))
  .transform((text) => text === 'true');

const environment = z
  .object({
    PORT: wholeNumber(3000, 0, 65_535),
    HOST: z.string().optional().default('127.0.0.1'),
    PUBLIC_URL: optionalText(
      readPublicUrl,
      'must be an absolute http or https URL without credentials, query or fragment, such as https://scim.example.com',
    ),
    DATA_DIR: z.string().optional().default('./data'),
    DATABASE_URL: optionalText(
      readDatabaseUrl,
      'must look like postgres://user:password@host:5432/database; unset it to use the embedded database',
    ),
    DATABASE_POOL_SIZE: wholeNumber(10, 1, 200),
    ADMIN_API_KEY: apiKey,
    OPERATOR_API_KEY: apiKey,
    ENCRYPTION_KEY: optionalText(
      readEncryptionKey,
      'must be 32 bytes, as 64 hexadecimal characters or as base64; make one with: openssl rand -base64 32',
    ),
    LOG_LEVEL: z
      .string()
      .optional()
      .default('info')
      .pipe(z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })),
    REQUEST_TIMEOUT_SECONDS: seconds(30, 1, 3600),
    RATE_LIMIT_PER_SECOND: wholeNumber(2000, 0, 1_000_000),
    SHUTDOWN_GRACE_SECONDS: seconds(10, 0, 600),
    LOG_RETENTION_DAYS: wholeNumber(730, 0, 36_500, ' of days'),
    GRAPH_POLL_SECONDS: seconds(60, 1, 3600),
    WEBHOOK_ALLOW_PRIVATE: flag,
    ENTRA_LOGIN_URL_GLOBAL: cloudUrl,
    ENTRA_LOGIN_URL_USGOV: cloudUrl,
    ENTRA_LOGIN_URL_CHINA: cloudUrl,
    GRAPH_URL_GLOBAL: cloudUrl,
    GRAPH_RESOURCE_GLOBAL: cloudUrl,
    GRAPH_URL_USGOV: cloudUrl,
    GRAPH_RESOURCE_USGOV: cloudUrl,
    GRAPH_URL_CHINA: cloudUrl,
    GRAPH_RESOURCE_CHINA: cloudUrl,
  })
  .refine((env) => env.OPERATOR_API_KEY === undefined || env.OPERATOR_API_KEY !== env.ADMIN_API_KEY, {
    path: ['OPERATOR_API_KEY'],
    message: 'must differ from ADMIN_API_KEY; make another with: openssl rand -hex 32',
    // Both keys may be wrong in their own right; then comparing them adds nothing.
    when: ({ issues }) => issues.length === 0,
  });

/** An empty or blank variable counts as unset: that is what `FOO=` in an env file means. */
function withoutBlanks(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const present: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '') present[name] = value.trim();
  }
  return present;
}

function addresses(
  authority: string | undefined,
  graph: string | undefined,
  graphResource: string | undefined,
): CloudAddresses {
  return {
    ...(authority === undefined ? {} : { authority }),
    ...(graph === undefined ? {} : { graph }),
    ...(graphResource === undefined ? {} : { graphResource }),
  };
}

export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const read = environment.safeParse(withoutBlanks(env));
  if (!read.success) {
    throw new ConfigError(read.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`));
  }
  const values = read.data;
  return Object.freeze({
    port: values.PORT,
    host: values.HOST,
    publicUrl: values.PUBLIC_URL,
    dataDir: resolve(values.DATA_DIR),
    databaseUrl: values.DATABASE_URL,
    databasePoolSize: values.DATABASE_POOL_SIZE,
    adminApiKey: values.ADMIN_API_KEY,
    operatorApiKey: values.OPERATOR_API_KEY,
    encryptionKey: values.ENCRYPTION_KEY,
    logLevel: values.LOG_LEVEL,
    requestTimeoutMs: values.REQUEST_TIMEOUT_SECONDS,
    rateLimitPerSecond: values.RATE_LIMIT_PER_SECOND,
    shutdownGraceMs: values.SHUTDOWN_GRACE_SECONDS,
    logRetentionDays: values.LOG_RETENTION_DAYS,
    graphPollMs: values.GRAPH_POLL_SECONDS,
    webhookAllowPrivate: values.WEBHOOK_ALLOW_PRIVATE,
    cloudOverrides: {
      global: addresses(values.ENTRA_LOGIN_URL_GLOBAL, values.GRAPH_URL_GLOBAL, values.GRAPH_RESOURCE_GLOBAL),
      usgov: addresses(values.ENTRA_LOGIN_URL_USGOV, values.GRAPH_URL_USGOV, values.GRAPH_RESOURCE_USGOV),
      china: addresses(values.ENTRA_LOGIN_URL_CHINA, values.GRAPH_URL_CHINA, values.GRAPH_RESOURCE_CHINA),
    },
  });
}

/** The base of every URL that is handed out. `boundPort` is the port really listened on: PORT may be 0. */
export function publicUrlOf(config: Config, boundPort: number): string {
  return config.publicUrl ?? `http://localhost:${boundPort}`;
}
