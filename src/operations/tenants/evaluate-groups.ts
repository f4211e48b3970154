import type { DirectoryUser, UserContent } from '../../directory/directory-user.ts';
import { isGuid, objectIdOf } from '../../directory/object-id.ts';
import type { Encryption } from '../connections/connection-ports.ts';
import type { ConnectionContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { Clock, Stores, UnitOfWork } from '../ports.ts';
import { graphConnectionOf, isConnected } from './graph-connection.ts';
import type { GraphConnection, GraphDirectory, MemberCheck } from './graph-ports.ts';

/** What Microsoft Graph says of a user's groups, as far as rules name them. */
export type GroupEvaluation =
  /** The connection has no way to Graph, or no rule names a group: there is nothing to ask. */
  | { readonly kind: 'notAsked' }
  | { readonly kind: 'known'; readonly asked: readonly string[]; readonly memberOf: readonly string[] }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface EvaluateGroups {
  /** Whether Graph may have told of groups that a client is about to create. */
  readonly isConnected: (context: ConnectionContext) => Promise<boolean>;
  readonly ofNew: (context: ConnectionContext, content: UserContent) => Promise<GroupEvaluation>;
  readonly ofExisting: (context: ConnectionContext, id: string) => Promise<GroupEvaluation>;
}

export interface EvaluationDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly encryption: Encryption;
  readonly directory: GraphDirectory;
}

const notAsked = { kind: 'notAsked' } as const;
/** A provisioning client waits for the answer. */
const budgetMs = 2_000;
const setupMs = 10_000;
/** One client sends several requests about one user, one behind the other. */
const answerMs = 5_000;
const remembered = 5_000;

/** What is asked in the name of a connection; null where there is nothing to ask. */
type Setup = {
  readonly graph: GraphConnection;
  readonly groupIds: readonly string[];
  /** Another one for whatever was read anew. */
  readonly serial: number;
} | null;

export function makeEvaluateGroups(dependencies: EvaluationDependencies): EvaluateGroups {
  const { unitOfWork, clock, directory } = dependencies;
  const setups = new Memory<Setup>(clock, setupMs);
  const answers = new Memory<MemberCheck>(clock, answerMs);
  let serial = 0;

  const setupOf = async (context: ConnectionContext): Promise<Setup> => {
    if (context.connectionKind !== 'entra') return null;
    return setups.remember(context.connectionId, () => {
      serial += 1;
      const reading = { ...dependencies, serial };
      return unitOfWork.lookUp(context, (stores) => readSetup(stores, context, reading));
    });
  };
  const ask = async ({ connectionId }: ConnectionContext, setup: Setup, user: string) => {
    if (setup === null) return notAsked;
    const { graph, groupIds } = setup;
    // An answer about other groups, or of another tenant, says nothing about these.
    const key = `${connectionId} ${setup.serial} ${user.toLowerCase()}`;
    const check = await answers.remember(
      key,
      () => directory.checkMemberGroups(graph, { user, groupIds, budgetMs }),
      ({ kind }) => kind === 'answered',
    );
    return evaluationOf(check, groupIds);
  };

  return {
    isConnected: async (context) => (await setupOf(context)) !== null,
    ofNew: async (context, content) => ask(context, await setupOf(context), nameOf(content)),
    ofExisting: async (context, id) => {
      const setup = await setupOf(context);
      if (setup === null) return notAsked;
      const found = await unitOfWork.lookUp(context, (stores) =>
        stores.users.get(context.connectionId, id, false),
      );
      return found === null ? notAsked : ask(context, setup, nameOf(found.user));
    },
  };
}

/** The object id where it is known, else the user principal name. */
const nameOf = ({
  externalId,
  userName,
  objectId,
}: Pick<UserContent, 'externalId' | 'userName'> & Partial<Pick<DirectoryUser, 'objectId'>>): string =>
  objectId ?? objectIdOf(externalId) ?? userName;

async function readSetup(
  stores: Stores,
  context: ConnectionContext,
  { encryption, serial }: Pick<EvaluationDependencies, 'encryption'> & { readonly serial: number },
): Promise<Setup> {
  const connection = await stores.connections.get(context.connectionId);
  if (connection === null || !isConnected(connection) || connection.graphFlow === null) return null;
  const rules = await stores.mappingRules.ofConnection(context.connectionId);
  const groupIds = [...new Set(rules.map(({ groupId }) => groupId.toLowerCase()).filter(isGuid))].sort();
  if (groupIds.length === 0) return null;
  try {
    return {
      graph: graphConnectionOf(context, connection, { flow: connection.graphFlow, encryption }),
      groupIds,
      serial,
    };
  } catch (error) {
    // Whoever reads the directory says so; a provisioning client has no part in it.
    if (error instanceof OperationError) return null;
    throw error;
  }
}

function evaluationOf(check: MemberCheck, asked: readonly string[]): GroupEvaluation {
  if (check.kind === 'answered') return { kind: 'known', asked, memberOf: check.memberOf };
  const reason =
    check.kind === 'unknownUser'
      ? 'Microsoft Graph does not know the user yet'
      : 'Microsoft Graph did not tell the groups of the user in time';
  return { kind: 'unknown', reason };
}

/** Brings an evaluation into the mirror; true when the user's groups have changed by it. */
export async function applyEvaluation(
  { graphSync }: Stores,
  evaluation: GroupEvaluation,
  {
    connectionId,
    userId,
    at,
  }: { readonly connectionId: string; readonly userId: string; readonly at: string },
): Promise<boolean> {
  if (evaluation.kind !== 'known') return false;
  const { asked, memberOf } = evaluation;
  return graphSync.mirror.setMemberships(connectionId, { userId, asked, memberOf, at });
}

/** Values for a while, the oldest forgotten first. */
class Memory<Value> {
  readonly #values = new Map<string, { readonly value: Value; readonly until: number }>();
  readonly #clock: Clock;
  readonly #lifeMs: number;

  constructor(clock: Clock, lifeMs: number) {
    this.#clock = clock;
    this.#lifeMs = lifeMs;
  }

  async remember(
    key: string,
    make: () => Promise<Value>,
    isWorthIt: (value: Value) => boolean = () => true,
  ): Promise<Value> {
    const now = Date.parse(this.#clock.now());
    const known = this.#values.get(key);
    if (known !== undefined && known.until > now) return known.value;
    const value = await make();
    this.#values.delete(key);
    if (isWorthIt(value)) this.#values.set(key, { value, until: now + this.#lifeMs });
    const [oldest] = this.#values.keys();
    if (this.#values.size > remembered && oldest !== undefined) this.#values.delete(oldest);
    return value;
  }
}
