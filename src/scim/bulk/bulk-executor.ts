import type { Logger } from '../../observability/logger.ts';
import { inParts } from '../in-parts.ts';
import { Answer } from '../protocol/answer.ts';
import { Projection } from '../protocol/projection.ts';
import { ScimRefusal } from '../protocol/scim-refusal.ts';
import { readVersionTags } from '../protocol/version-tag.ts';
import { ScimExchange, type ScimServices } from '../resources/scim-exchange.ts';
import { answerError } from '../scim-error.ts';
import { applyBulkOperation, type BulkTarget, locationOfTarget, readBulkTarget } from './bulk-operation.ts';
import { referencesIn, resolvePath, resolveReferences, withoutReferences } from './bulk-references.ts';
import type { BulkOperation } from './bulk-request.ts';

export interface BulkServices extends ScimServices {
  readonly logger: Logger;
}

export interface BulkTask {
  readonly operation: BulkOperation;
  readonly references: ReadonlySet<string>;
  /** Where the resource is that the operation was for; null while that is not known. */
  location: string | null;
  /** Null until it ran; an operation after the last permitted error never runs. */
  answer: Answer | null;
}

/** A resource that was created without the references of a circle, to be completed when the circle is closed. */
interface OpenEnd {
  readonly bulkId: string;
  readonly task: BulkTask;
  readonly target: BulkTarget;
  readonly id: string;
}

/** Bulk answers show no resource, so nothing that hangs on one needs to be read. */
const WITHOUT_REFERENCES = new Projection(null, ['groups', 'members']);

const LOOKED_AT_ONCE = 5;

export async function bulkTasks(operations: readonly BulkOperation[]): Promise<readonly BulkTask[]> {
  const tasks: BulkTask[] = [];
  for await (const part of inParts(operations, LOOKED_AT_ONCE)) {
    for (const operation of part) {
      const references = await referencesIn(operation.path, operation.data);
      tasks.push({ operation, references, location: null, answer: null });
    }
  }
  return tasks;
}

function creationsOf(tasks: readonly BulkTask[]): Set<string> {
  const ids = tasks.flatMap(({ operation: { method, bulkId } }) =>
    method === 'POST' && bulkId !== null ? [bulkId] : [],
  );
  return new Set(ids);
}

/**
 * Runs the operations of one bulk request one after the other, each in a transaction of its own. They run in the order
 * of the request, except that an operation waits for what it refers to; a circle is opened by creating one of its
 * resources without the reference, and that resource is replaced as soon as the others are there. RFC 7644 §3.7.1.
 */
export class BulkExecutor {
  readonly #services: BulkServices;
  readonly #tasks: readonly BulkTask[];
  readonly #errorLimit: number;
  /** bulkIds of creations that have not run yet. */
  readonly #pending: Set<string>;
  /** bulkId → id of what was created; null when that failed. */
  readonly #created = new Map<string, string | null>();
  readonly #openEnds = new Map<string, OpenEnd>();
  #errors = 0;

  /** `errorLimit`: how many errors end the request. */
  constructor(services: BulkServices, tasks: readonly BulkTask[], errorLimit: number) {
    this.#services = services;
    this.#errorLimit = errorLimit;
    this.#tasks = tasks;
    this.#pending = creationsOf(this.#tasks);
  }

  /** Those that ran, in the order of the request. */
  async run(): Promise<readonly BulkTask[]> {
    const waiting = new Set(this.#tasks);
    while (waiting.size > 0 && this.#errors < this.#errorLimit) {
      const task = this.#next(waiting);
      waiting.delete(task);
      await this.#runTask(task);
      for (const openEnd of this.#openEnds.values()) {
        if (!this.#refersToPending(openEnd.task)) await this.#complete(openEnd);
      }
    }
    for (const openEnd of this.#openEnds.values()) await this.#complete(openEnd);
    return this.#tasks.filter(({ answer }) => answer !== null);
  }

  /** The first that waits for nothing; in a circle everything waits, then the first creation opens it. */
  #next(waiting: ReadonlySet<BulkTask>): BulkTask {
    let opening: BulkTask | null = null;
    for (const task of waiting) {
      if (!this.#waits(task)) return task;
      if (task.operation.method === 'POST') opening ??= task;
    }
    if (opening === null) throw new TypeError('An operation waits for a creation that is not there');
    return opening;
  }

  #refersToPending({ references }: BulkTask): boolean {
    return [...references].some((reference) => this.#pending.has(reference));
  }

  /** Changes and deletions wait until what they refer to is complete; completing it later would undo them. */
  #waits(task: BulkTask): boolean {
    if (this.#refersToPending(task)) return true;
    return (
      task.operation.method !== 'POST' &&
      [...task.references].some((reference) => this.#openEnds.has(reference))
    );
  }

  async #runTask(task: BulkTask): Promise<void> {
    const { bulkId, method } = task.operation;
    try {
      task.answer = await this.#apply(task);
    } catch (error) {
      this.#fail(task, error);
    }
    if (method !== 'POST' || bulkId === null) return;
    if (!this.#created.has(bulkId)) this.#created.set(bulkId, null);
    this.#pending.delete(bulkId);
  }

  async #apply(task: BulkTask): Promise<Answer> {
    const { operation, references } = task;
    if (operation.fault !== null) throw operation.fault;
    this.#checkReferences(task);
    const path = resolvePath(operation.path, this.#find);
    const target = readBulkTarget(operation.method, path);
    task.location = locationOfTarget(target, this.#services.context.scimBaseUrl);
    const data = references.size === 0 ? operation.data : resolveReferences(operation.data, this.#find);
    if (operation.method !== 'POST')
      return applyBulkOperation(target, this.#exchange(operation), operation.method, data);
    return this.#create(task, target, data);
  }

  async #create(task: BulkTask, target: BulkTarget, data: unknown): Promise<Answer> {
    const { bulkId, method } = task.operation;
    if (bulkId !== null && this.#created.has(bulkId)) {
      throw new ScimRefusal(400, `bulkId ${bulkId} is used twice`, { scimType: 'invalidValue' });
    }
    const isOpen = this.#refersToPending(task);
    const body = isOpen ? withoutReferences(data) : data;
    const answer = await applyBulkOperation(target, this.#exchange(task.operation), method, body);
    const id = answer.location?.slice(answer.location.lastIndexOf('/') + 1) ?? '';
    if (bulkId !== null) this.#created.set(bulkId, id);
    task.location = answer.location;
    if (isOpen && bulkId !== null) this.#openEnds.set(bulkId, { bulkId, task, target, id });
    return answer;
  }

  async #complete({ bulkId, task, target: { endpoint }, id }: OpenEnd): Promise<void> {
    const { operation } = task;
    this.#openEnds.delete(bulkId);
    const exchange = this.#exchange({ version: null });
    try {
      this.#checkReferences(task);
      const whole = await endpoint.replace(exchange, id, resolveReferences(operation.data, this.#find));
      task.answer = new Answer(201, whole.version === null ? {} : { version: whole.version });
    } catch (error) {
      // Half of what was asked for must not stay behind.
      await endpoint.remove(exchange, id).catch((cause: unknown) => this.#logged(cause));
      this.#created.set(bulkId, null);
      task.location = null;
      this.#fail(task, error);
    }
  }

  /** A reference is good when its resource exists, or will once the circle is closed. */
  #checkReferences({ references }: BulkTask): void {
    for (const reference of references) {
      if (this.#pending.has(reference) || (this.#created.get(reference) ?? null) !== null) continue;
      const why = this.#created.has(reference)
        ? 'was not created'
        : 'is the bulkId of no POST in this request';
      throw new ScimRefusal(400, `bulkId:${reference.slice(0, 100)} ${why}`, { scimType: 'invalidValue' });
    }
  }

  readonly #find = (bulkId: string): string | null => this.#created.get(bulkId) ?? null;

  #exchange({ version }: Pick<BulkOperation, 'version'>): ScimExchange {
    return new ScimExchange({
      ...this.#services,
      projection: WITHOUT_REFERENCES,
      ifMatch: readVersionTags(version ?? undefined),
    });
  }

  #logged(error: unknown): Answer {
    return answerError(error, this.#services.logger, this.#services.context.requestId);
  }

  #fail(task: BulkTask, error: unknown): void {
    task.answer = this.#logged(error);
    this.#errors += 1;
  }
}
