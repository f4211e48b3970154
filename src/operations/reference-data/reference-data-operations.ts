import type { OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Clock, Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { requireVersion } from '../precondition.ts';
import type { ChangeOptions } from '../resources/scim-operations.ts';
import { isSameRecord } from '../same-record.ts';
import { usesInWords } from '../uses-in-words.ts';
import type { ReferenceItem, ReferenceKind, ReferenceValue } from './reference-data-ports.ts';
import { type ReferenceRules, referenceRules } from './reference-rules.ts';

/** Which list: `accountId` is the account of account locations and null for all others. */
export interface ReferenceList {
  readonly kind: ReferenceKind;
  readonly accountId: string | null;
}

/** `name` and the fields of the list; what is left out keeps its value, or gets the list's own. */
export type ReferenceInput = Readonly<Record<string, string | ReferenceValue>>;

export interface ReferenceDataDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
}

export interface ReferenceDataOperations {
  readonly list: (
    context: OrganizationContext,
    list: ReferenceList,
    page: PageRequest,
  ) => Promise<Page<ReferenceItem>>;
  readonly get: (context: OrganizationContext, list: ReferenceList, id: string) => Promise<ReferenceItem>;
  readonly create: (
    context: OrganizationContext,
    list: ReferenceList,
    input: ReferenceInput,
  ) => Promise<ReferenceItem>;
  readonly change: (
    context: OrganizationContext,
    target: ReferenceList & { readonly id: string },
    input: ReferenceInput,
    options: ChangeOptions,
  ) => Promise<ReferenceItem>;
  readonly delete: (
    context: OrganizationContext,
    target: ReferenceList & { readonly id: string },
    options: ChangeOptions,
  ) => Promise<void>;
}

/** Decisions are made from these lists, so each write holds the configuration still. */
export function makeReferenceDataOperations(
  dependencies: ReferenceDataDependencies,
): ReferenceDataOperations {
  const { unitOfWork, clock, identifiers } = dependencies;
  return {
    list: (context, list, page) =>
      unitOfWork.read(context, async (stores) => {
        await requireAccount(stores, list);
        return stores.referenceData.list(list.kind, list.accountId, page);
      }),
    get: (context, list, id) => unitOfWork.read(context, (stores) => find(stores, list, id)),
    create: (context, list, input) =>
      unitOfWork.write(context, 'exclusive', async (stores) => {
        await requireAccount(stores, list);
        return createItem(stores, list, input, { identifiers, now: clock.now() });
      }),
    change: (context, target, input, { ifMatch }) =>
      unitOfWork.write(context, 'exclusive', async (stores) => {
        const before = await find(stores, target, target.id);
        requireVersion(ifMatch, before.revision);
        return changeItem(stores, target, { before, input, now: clock.now() });
      }),
    delete: (context, target, { ifMatch }) =>
      unitOfWork.write(context, 'exclusive', async (stores) => {
        const item = await find(stores, target, target.id);
        requireVersion(ifMatch, item.revision);
        const rules = referenceRules[target.kind];
        refuse(rules.refuseDelete(item));
        await requireUnused(stores, target.kind, item, 'cannot be deleted');
        await stores.referenceData.delete(target.kind, item.id);
      }),
  };
}

async function requireAccount(stores: Stores, { kind, accountId }: ReferenceList): Promise<void> {
  if (kind !== 'accountLocations' || accountId === null) return;
  await find(stores, { kind: 'accounts', accountId: null }, accountId);
}

async function find(stores: Stores, { kind, accountId }: ReferenceList, id: string): Promise<ReferenceItem> {
  const item = await stores.referenceData.get(kind, accountId, id);
  if (item === null) throw new OperationError('not-found', `There is no ${referenceRules[kind].noun} ${id}.`);
  return item;
}

function refuse(detail: string | null): void {
  if (detail !== null) throw new OperationError('conflict', detail);
}

const nameOf = (input: ReferenceInput, present: string): string =>
  typeof input.name === 'string' ? input.name.trim() : present;

function valuesOf(
  rules: ReferenceRules,
  input: ReferenceInput,
  present: ReferenceItem['values'],
): ReferenceItem['values'] {
  const values: Record<string, ReferenceValue> = { ...present };
  for (const field of Object.keys(rules.initial)) {
    const given = input[field];
    if (given !== undefined && typeof given !== 'string') values[field] = rules.tidy(field, given);
  }
  return values;
}

interface Birth {
  readonly identifiers: Identifiers;
  readonly now: string;
}

/** Also used while an organization is set up, where the caller holds the configuration already. */
export async function createItem(
  stores: Stores,
  { kind, accountId }: ReferenceList,
  input: ReferenceInput,
  birth: Birth,
): Promise<ReferenceItem> {
  const { identifiers, now } = birth;
  const rules = referenceRules[kind];
  const item: ReferenceItem = {
    id: identifiers.next(),
    accountId,
    name: nameOf(input, ''),
    values: valuesOf(rules, input, rules.initial),
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
  await requireFreeName(stores, kind, item);
  await takeMarks(stores, kind, item, now);
  await stores.referenceData.insert(kind, item);
  if (kind === 'accounts') {
    const main = { name: 'Main', isMain: true };
    await createItem(stores, { kind: 'accountLocations', accountId: item.id }, main, birth);
  }
  return item;
}

interface Change {
  readonly before: ReferenceItem;
  readonly input: ReferenceInput;
  readonly now: string;
}

async function changeItem(
  stores: Stores,
  { kind }: ReferenceList,
  { before, input, now }: Change,
): Promise<ReferenceItem> {
  const rules = referenceRules[kind];
  const name = nameOf(input, before.name);
  const values = valuesOf(rules, input, before.values);
  if (name === before.name && isSameRecord(values, before.values)) return before;

  refuse(rules.refuseChange(before, values));
  const blockers = rules.blockersOfChange(before, values);
  if (blockers.length > 0) await requireUnused(stores, kind, before, 'cannot be changed like this', blockers);
  const after: ReferenceItem = { ...before, name, values, updatedAt: now, revision: before.revision + 1 };
  if (name !== before.name) await requireFreeName(stores, kind, after);
  await takeMarks(stores, kind, after, now);
  await stores.referenceData.save(kind, after);
  if (before.values.isAdministrator === true && values.isAdministrator !== true)
    await requireAdministrators(stores);
  return after;
}

/** A role stops making administrators only where the root user, and with it the organization, keeps one. */
async function requireAdministrators(stores: Stores): Promise<void> {
  const administrators = await stores.employees.administrators('lock');
  if (administrators.some(({ isRoot }) => isRoot)) return;
  throw new OperationError(
    'conflict',
    'The root user has this role and stays an administrator. Give it another administrator role first.',
  );
}

async function requireFreeName(stores: Stores, kind: ReferenceKind, item: ReferenceItem): Promise<void> {
  const holder = await stores.referenceData.idOfName(kind, item.accountId, item.name);
  if (holder === null || holder === item.id) return;
  const { noun } = referenceRules[kind];
  const detail = `There is already ${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun} named ${item.name}.`;
  throw new OperationError('conflict', detail, { fields: [{ pointer: '/name', detail }] });
}

/** The one main location, the one default role: whoever had the mark loses it. */
async function takeMarks(
  stores: Stores,
  kind: ReferenceKind,
  item: ReferenceItem,
  now: string,
): Promise<void> {
  for (const mark of referenceRules[kind].uniqueMarks) {
    if (item.values[mark] !== true) continue;
    await stores.referenceData.clearMark(kind, item.accountId, { mark, exceptId: item.id, at: now });
  }
}

/** `kinds` narrows what counts; without it everything does. */
async function requireUnused(
  stores: Stores,
  kind: ReferenceKind,
  item: ReferenceItem,
  what: string,
  kinds?: readonly string[],
): Promise<void> {
  const uses = await stores.referenceData.uses(kind, item.id);
  const blockers = kinds === undefined ? uses : uses.filter((use) => kinds.includes(use.kind));
  if (blockers.length === 0) return;
  const detail = `The ${referenceRules[kind].noun} ${item.name} ${what}: it is used by ${usesInWords(blockers)}.`;
  throw new OperationError('conflict', detail, { blockers });
}
