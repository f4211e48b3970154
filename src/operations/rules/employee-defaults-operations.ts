import type { EmployeeDefaults } from '../../provisioning/settings.ts';
import { noteConfiguration } from '../change-sets/note-configuration.ts';
import type { OrganizationContext } from '../context.ts';
import type { Revised } from '../organizations/admin-ports.ts';
import type { Stores, UnitOfWork } from '../ports.ts';
import { requireVersion } from '../precondition.ts';
import {
  type PlanTools,
  type PreviewPosition,
  type PreviewRequest,
  requireSamePage,
} from '../reconcile/plan-people.ts';
import type { ChangeOptions } from '../resources/scim-operations.ts';
import { isSameRecord } from '../same-record.ts';
import { checkDefaults, readDefaults } from './employee-defaults-input.ts';
import { requireCompleteDefaults } from './missing-defaults.ts';
import { type DefaultsPlan, planDefaults } from './preview-defaults.ts';

export interface EmployeeDefaultsDependencies extends PlanTools {
  readonly unitOfWork: UnitOfWork;
}

export interface DefaultsPreview extends Pick<DefaultsPlan, 'digest' | 'counts' | 'items'> {
  readonly next: PreviewPosition | null;
}

export interface EmployeeDefaultsOperations {
  readonly get: (context: OrganizationContext) => Promise<Revised<EmployeeDefaults>>;
  /** Fields that the input leaves out become gaps. */
  readonly replace: (
    context: OrganizationContext,
    input: Partial<EmployeeDefaults>,
    options: ChangeOptions,
  ) => Promise<Revised<EmployeeDefaults>>;
  /** Whom the new defaults would give other values; nothing is written or locked. */
  readonly preview: (
    context: OrganizationContext,
    input: Partial<EmployeeDefaults>,
    request: PreviewRequest,
  ) => Promise<DefaultsPreview>;
}

export function makeEmployeeDefaultsOperations(
  dependencies: EmployeeDefaultsDependencies,
): EmployeeDefaultsOperations {
  const { unitOfWork, clock } = dependencies;
  return {
    get: (context) => unitOfWork.read(context, (stores) => stores.employeeDefaults.get()),
    replace: (context, input, { ifMatch }) =>
      unitOfWork.write(context, 'exclusive', async (stores) => {
        const before = await stores.employeeDefaults.get();
        requireVersion(ifMatch, before.revision);
        const value = await acceptedDefaults(stores, input);
        if (isSameRecord(before.value, value)) return before;
        const now = clock.now();
        const revision = await stores.employeeDefaults.save(value, now);
        const change = {
          kind: 'employeeDefaults',
          subjectId: null,
          before: before.value,
          after: value,
        } as const;
        await noteConfiguration(stores, context, [change], now);
        return { value, revision };
      }),
    preview: (context, input, { limit, position }) =>
      unitOfWork.read(context, async (stores) => {
        const value = await acceptedDefaults(stores, input);
        const window = { offset: position?.offset ?? 0, limit };
        const { digest, counts, items, total } = await planDefaults(stores, value, window, dependencies);
        return { digest, counts, items, next: requireSamePage({ digest, total }, { limit, position }) };
      }),
  };
}

/** The defaults as they could be stored: every reference is good, and there are no gaps while provisioning is on. */
async function acceptedDefaults(stores: Stores, input: Partial<EmployeeDefaults>): Promise<EmployeeDefaults> {
  const value = readDefaults(input);
  await checkDefaults(stores, value);
  const { provisioningMode } = (await stores.settings.get()).value;
  if (provisioningMode !== 'off') await requireCompleteDefaults(stores, value);
  return value;
}
