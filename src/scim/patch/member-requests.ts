import type { GroupMemberStep } from '../../operations/resources/scim-operations.ts';
import { inParts } from '../in-parts.ts';
import { distinctIds, readMemberIds, requireFewMembers } from '../read-member-ids.ts';
import { tooMany } from '../value-fault.ts';
import type { ListedMembers, MemberRequest } from './patch-step.ts';

/** Each of them reads the group's members. */
const MAX_CONDITIONS = 20;
const READ_AT_ONCE = 500;

/** Neighbours of the same kind, which are one step: a stream of single additions is one set of ids. */
interface Run {
  readonly kind: ListedMembers['kind'];
  readonly lists: (readonly unknown[])[];
  readonly named: string[];
}

/** What one request asks for about the members of a group, in order. */
export class MemberRequests {
  readonly #runs: (Run | Extract<MemberRequest, { kind: 'removeWhere' }>)[] = [];
  #members = 0;
  #conditions = 0;

  add(request: MemberRequest): void {
    if (request.kind === 'removeWhere') {
      this.#conditions += 1;
      if (this.#conditions > MAX_CONDITIONS)
        throw tooMany(`More than ${MAX_CONDITIONS} conditions on members in one request`);
      this.#runs.push(request);
      return;
    }
    const { kind, listed, named } = request;
    this.#members += listed.length + named.length;
    requireFewMembers(this.#members);
    const last = this.#runs.at(-1);
    if (last?.kind === kind && kind !== 'replace') {
      last.lists.push(listed);
      last.named.push(...named);
    } else this.#runs.push({ kind, lists: [listed], named: [...named] });
  }

  /** Reads the members that were listed, many of them in steps; throws for one without an id. */
  async read(): Promise<readonly GroupMemberStep[]> {
    const steps: GroupMemberStep[] = [];
    for await (const part of inParts(this.#runs, READ_AT_ONCE)) {
      for (const run of part) steps.push(run.kind === 'removeWhere' ? run : await readRun(run));
    }
    return steps;
  }
}

async function readRun({ kind, lists, named }: Run): Promise<GroupMemberStep> {
  const [first = [], ...more] = lists;
  const ids = await readMemberIds(more.length === 0 ? first : lists.flat());
  return { kind, ids: distinctIds(named.length === 0 ? ids : [...ids, ...named]) };
}
