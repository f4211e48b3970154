import type { Settings } from '../../provisioning/settings.ts';
import { noteConfiguration } from '../change-sets/note-configuration.ts';
import type { OrganizationContext } from '../context.ts';
import { type DeepPartial, patchRecord } from '../patch-record.ts';
import type { Clock, UnitOfWork } from '../ports.ts';
import { requireVersion } from '../precondition.ts';
import type { ReplanAll } from '../reconcile/replan-all.ts';
import type { ChangeOptions } from '../resources/scim-operations.ts';
import { requireCompleteDefaults } from '../rules/missing-defaults.ts';
import { isSameRecord } from '../same-record.ts';
import type { Revised } from './admin-ports.ts';

export interface SettingsDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly replanAll: ReplanAll;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
}

export interface SettingsOperations {
  readonly get: (context: OrganizationContext) => Promise<Revised<Settings>>;
  readonly change: (
    context: OrganizationContext,
    patch: DeepPartial<Settings>,
    options: ChangeOptions,
  ) => Promise<Revised<Settings>>;
}

export function makeSettingsOperations(dependencies: SettingsDependencies): SettingsOperations {
  const { unitOfWork, clock, replanAll, jobsWaiting } = dependencies;
  return {
    get: (context) => unitOfWork.read(context, (stores) => stores.settings.get()),
    change: async (context, patch, { ifMatch }) => {
      const { isSwitchedOn, after } = await unitOfWork.write(context, 'exclusive', async (stores) => {
        const before = await stores.settings.get();
        requireVersion(ifMatch, before.revision);
        const patched = patchRecord(before.value, patch);
        const value = { ...patched, defaultPhoneType: patched.defaultPhoneType.trim() };
        if (isSameRecord(before.value, value)) return { isSwitchedOn: false, after: before };
        const isSwitchedOn =
          value.provisioningMode === 'azureAdSync' && before.value.provisioningMode === 'off';
        if (isSwitchedOn) await requireCompleteDefaults(stores, (await stores.employeeDefaults.get()).value);
        // Who was left to an undo is decided again like everybody else.
        if (isSwitchedOn) await stores.changeSets.forgetUndone();
        const now = clock.now();
        const revision = await stores.settings.save(value, now);
        const change = { kind: 'settings', subjectId: null, before: before.value, after: value } as const;
        await noteConfiguration(stores, context, [change], now);
        if (isSwitchedOn) await replanAll(stores, context);
        return { isSwitchedOn, after: { value, revision } };
      });
      if (isSwitchedOn) jobsWaiting();
      return after;
    },
  };
}
