/** Which credential was used; `kind` says which of the two lists it is in. */
export interface CredentialUse {
  readonly organizationId: string;
  readonly kind: 'apiKey' | 'scimToken';
  readonly id: string;
}

export interface UsedCredentials {
  readonly organizationId: string;
  readonly apiKeyIds: readonly string[];
  readonly scimTokenIds: readonly string[];
  readonly at: string;
}

export interface CredentialUseOptions {
  readonly record: (used: UsedCredentials) => Promise<void>;
  readonly now: () => string;
  /** Called with what `record` threw; the time of last use is worth a log line, not a failed request. */
  readonly onFailure: (error: unknown) => void;
  readonly everyMs?: number;
}

export interface CredentialUseRecorder {
  readonly note: (use: CredentialUse) => void;
  /** Writes what is still waiting. */
  readonly stop: () => Promise<void>;
}

interface Waiting {
  readonly apiKey: Set<string>;
  readonly scimToken: Set<string>;
}

/** Gathers uses and writes the time of last use every two seconds: a write per request would double its cost. */
export function makeCredentialUseRecorder(options: CredentialUseOptions): CredentialUseRecorder {
  const { record, now, onFailure, everyMs = 2000 } = options;
  let waiting = new Map<string, Waiting>();
  let timer: NodeJS.Timeout | null = null;

  const flush = async (): Promise<void> => {
    timer = null;
    const used = waiting;
    waiting = new Map();
    for (const [organizationId, { apiKey, scimToken }] of used) {
      try {
        await record({ organizationId, apiKeyIds: [...apiKey], scimTokenIds: [...scimToken], at: now() });
      } catch (error) {
        onFailure(error);
      }
    }
  };

  return {
    note: ({ organizationId, kind, id }) => {
      const known = waiting.get(organizationId) ?? { apiKey: new Set(), scimToken: new Set() };
      known[kind].add(id);
      waiting.set(organizationId, known);
      if (timer !== null) return;
      timer = setTimeout(() => void flush(), everyMs);
      timer.unref();
    },
    stop: async () => {
      if (timer !== null) clearTimeout(timer);
      await flush();
    },
  };
}
