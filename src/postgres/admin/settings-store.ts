import type { Revised, SettingsStore } from '../../operations/organizations/admin-ports.ts';
import type {
  ProvisioningMode,
  RestoreArchived,
  Settings,
  UnknownJobTitle,
} from '../../provisioning/settings.ts';
import type { SqlConnection } from '../sql-connection.ts';

interface SettingsRow {
  readonly provisioningMode: ProvisioningMode;
  readonly unknownJobTitle: UnknownJobTitle;
  readonly defaultPhoneType: string;
  readonly restoreArchived: RestoreArchived;
  readonly maxDeactivations: number;
  readonly maxDeactivationsPercent: number;
  readonly maxConversions: number;
  readonly windowMinutes: number;
  readonly revision: number;
}

const read = (row: SettingsRow): Revised<Settings> => ({
  value: {
    provisioningMode: row.provisioningMode,
    unknownJobTitle: row.unknownJobTitle,
    defaultPhoneType: row.defaultPhoneType,
    restoreArchived: row.restoreArchived,
    guard: {
      maxDeactivations: row.maxDeactivations,
      maxDeactivationsPercent: row.maxDeactivationsPercent,
      maxConversions: row.maxConversions,
      windowMinutes: row.windowMinutes,
    },
  },
  revision: row.revision,
});

export function makeSettingsStore(connection: SqlConnection): SettingsStore {
  const { organizationId } = connection.context;
  return {
    get: async () => {
      const [row] = await connection.rows<SettingsRow>({
        text: `
          select s.provisioning_mode as "provisioningMode", s.unknown_job_title as "unknownJobTitle",
            s.default_phone_type as "defaultPhoneType", s.restore_archived as "restoreArchived",
            s.guard_max_deactivations as "maxDeactivations",
            s.guard_max_deactivations_percent as "maxDeactivationsPercent",
            s.guard_max_conversions as "maxConversions", s.guard_window_minutes as "windowMinutes", s.revision
          from settings s where s.organization_id = $1`,
        values: [organizationId],
      });
      if (row === undefined) throw new Error(`Organization ${organizationId} has no settings`);
      return read(row);
    },
    save: async (settings, at) => {
      const { guard } = settings;
      const [row] = await connection.rows<{ revision: number }>({
        text: `
          update settings set provisioning_mode = $2, unknown_job_title = $3, default_phone_type = $4,
            restore_archived = $5, guard_max_deactivations = $6, guard_max_deactivations_percent = $7,
            guard_max_conversions = $8, guard_window_minutes = $9, updated_at = $10, revision = revision + 1
          where organization_id = $1
          returning revision`,
        values: [
          organizationId,
          settings.provisioningMode,
          settings.unknownJobTitle,
          settings.defaultPhoneType,
          settings.restoreArchived,
          guard.maxDeactivations,
          guard.maxDeactivationsPercent,
          guard.maxConversions,
          guard.windowMinutes,
          at,
        ],
      });
      if (row === undefined) throw new Error(`Organization ${organizationId} has no settings`);
      return row.revision;
    },
  };
}
