import type { OrganizationContext } from '../context.ts';
import type { UnitOfWork } from '../ports.ts';

export interface DeliveryWatch {
  readonly note: (context: OrganizationContext) => void;
  /** The same unit of work, which tells after the commit when something has been noted in it. */
  readonly watch: (unitOfWork: UnitOfWork) => UnitOfWork;
}

/**
 * Deliveries come about deep inside operations that know nothing of them. Contexts are noted, not units of work: another
 * unit of the same context may tell once too often, but none too early for good.
 */
export function makeDeliveryWatch(deliveriesWaiting: (organizationId: string) => void): DeliveryWatch {
  const noted = new WeakSet<OrganizationContext>();
  return {
    note: (context) => void noted.add(context),
    watch: ({ read, lookUp, write, writeOnce }) => ({
      read,
      lookUp,
      writeOnce,
      write: async (context, configuration, work) => {
        const result = await write(context, configuration, work);
        if (noted.has(context)) deliveriesWaiting(context.organizationId);
        return result;
      },
    }),
  };
}
