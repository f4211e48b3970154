import type { UnitOfWork } from '../ports.ts';
import type { ListOfJob } from './reconcile-list-ports.ts';

/** Removes the list of a job that is not tried again. */
export function makeForgetList({ unitOfWork }: { readonly unitOfWork: UnitOfWork }) {
  return async ({ organizationId, listId }: ListOfJob): Promise<void> => {
    const context = { organizationId, actor: { kind: 'system' }, requestId: null } as const;
    await unitOfWork.write(context, 'none', ({ reconcileLists }) => reconcileLists.forget(listId));
  };
}
