import type { Clock, UnitOfWork } from '../ports.ts';

export interface ForgetDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  /** How long the provisioning log is kept; 0: for ever. */
  readonly retentionDays: number;
}

const dayMs = 86_400_000;
/** Short transactions: whoever writes events meanwhile does not notice. */
const stepSize = 5_000;

/** Removes what has grown older than the provisioning log of an organization is kept, and then what belonged to its entries. */
export function makeForgetEvents({ unitOfWork, clock, retentionDays }: ForgetDependencies) {
  return async (organizationId: string): Promise<void> => {
    if (retentionDays === 0) return;
    const before = new Date(Date.parse(clock.now()) - retentionDays * dayMs).toISOString();
    const context = { organizationId, actor: { kind: 'system' }, requestId: null } as const;
    const forgetIn = async (kind: 'eventLog' | 'changeSets' | 'syncRuns'): Promise<void> => {
      const step = () => unitOfWork.write(context, 'none', (stores) => stores[kind].forget(before, stepSize));
      while ((await step()) === stepSize);
    };
    await forgetIn('eventLog');
    await forgetIn('changeSets');
    await forgetIn('syncRuns');
  };
}
