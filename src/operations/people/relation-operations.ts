import type { OrganizationContext } from '../context.ts';
import { FieldFaults } from '../field-faults.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores } from '../ports.ts';
import type { PeopleDependencies } from './employee-operations.ts';
import type { Relation, RelationFilter, RelationKind } from './people-ports.ts';

export interface RelationInput {
  readonly kind: RelationKind;
  readonly reference: string;
  readonly employeeId?: string | null;
  readonly contactId?: string | null;
}

/** The links that other PSA modules hold on a person. */
export interface RelationOperations {
  readonly list: (
    context: OrganizationContext,
    filter: RelationFilter,
    page: PageRequest,
  ) => Promise<Page<Relation>>;
  readonly get: (context: OrganizationContext, id: string) => Promise<Relation>;
  readonly create: (context: OrganizationContext, input: RelationInput) => Promise<Relation>;
  readonly delete: (context: OrganizationContext, id: string) => Promise<void>;
}

const notFound = (id: string): OperationError =>
  new OperationError('not-found', `There is no relation ${id}.`);

export function makeRelationOperations({
  unitOfWork,
  clock,
  identifiers,
}: PeopleDependencies): RelationOperations {
  return {
    list: (context, filter, page) =>
      unitOfWork.read(context, (stores) => stores.relations.list(filter, page)),
    get: (context, id) =>
      unitOfWork.read(context, async (stores) => {
        const relation = await stores.relations.get(id);
        if (relation === null) throw notFound(id);
        return relation;
      }),
    create: (context, input) =>
      unitOfWork.write(context, 'none', async (stores) => {
        const { employeeId = null, contactId = null } = input;
        await requirePerson(stores, input.reference, { employeeId, contactId });
        const reference = input.reference.trim();
        const relation = {
          id: identifiers.next(),
          kind: input.kind,
          reference,
          employeeId,
          contactId,
          createdAt: clock.now(),
        };
        await stores.relations.insert(relation);
        return relation;
      }),
    delete: (context, id) =>
      unitOfWork.write(context, 'none', async (stores) => {
        if (!(await stores.relations.delete(id))) throw notFound(id);
      }),
  };
}

type Holder = Pick<Relation, 'employeeId' | 'contactId'>;

async function requirePerson(
  stores: Stores,
  reference: string,
  { employeeId, contactId }: Holder,
): Promise<void> {
  const faults = new FieldFaults();
  if (reference.trim() === '') faults.add('/reference', 'A relation needs a reference.');
  if ((employeeId === null) === (contactId === null)) {
    faults.add('/employeeId', 'Name exactly one of employeeId and contactId.');
  }
  faults.raise();
  if (employeeId !== null) {
    const employee = await stores.employees.get(employeeId);
    if (employee === null) faults.add('/employeeId', `There is no employee ${employeeId}.`);
  }
  if (contactId !== null && (await stores.contacts.get(contactId)) === null) {
    faults.add('/contactId', `There is no contact ${contactId}.`);
  }
  faults.raise();
}
