import { type ChangeSetOperations, makeChangeSetOperations } from './change-sets/change-set-operations.ts';
import { type CheckSetup, makeCheckSetup } from './connections/check-setup.ts';
import { type ConnectionOperations, makeConnectionOperations } from './connections/connection-operations.ts';
import type { CredentialMaker, Encryption } from './connections/connection-ports.ts';
import { type ApiKeyOperations, makeApiKeyOperations } from './credentials/api-key-operations.ts';
import {
  makeScimCredentialOperations,
  type ScimCredentialOperations,
} from './credentials/scim-credential-operations.ts';
import { makeScimTokenOperations, type ScimTokenOperations } from './credentials/scim-token-operations.ts';
import {
  makeWebhookDeliveryOperations,
  type WebhookDeliveryOperations,
} from './deliveries/webhook-delivery-operations.ts';
import { makeWebhookOperations, type WebhookOperations } from './deliveries/webhook-operations.ts';
import type { WebhookSender } from './deliveries/webhook-ports.ts';
import { type HeldChangeOperations, makeHeldChangeOperations } from './guard/held-change-operations.ts';
import { makeCreateOrganization } from './organizations/create-organization.ts';
import type {
  OrganizationDirectory,
  OrganizationOperations,
} from './organizations/organization-operations.ts';
import { makeSettingsOperations, type SettingsOperations } from './organizations/settings-operations.ts';
import { type ContactOperations, makeContactOperations } from './people/contact-operations.ts';
import { type EmployeeOperations, makeEmployeeOperations } from './people/employee-operations.ts';
import { makeRelationOperations, type RelationOperations } from './people/relation-operations.ts';
import type { Clock, Identifiers, UnitOfWork } from './ports.ts';
import type { Fingerprint } from './reconcile/plan-people.ts';
import type { ReplanAll } from './reconcile/replan-all.ts';
import type { StartReplan } from './reconcile/start-replan.ts';
import {
  makeReferenceDataOperations,
  type ReferenceDataOperations,
} from './reference-data/reference-data-operations.ts';
import { type DirectoryOperations, makeDirectoryOperations } from './resources/directory-operations.ts';
import {
  type EmployeeDefaultsOperations,
  makeEmployeeDefaultsOperations,
} from './rules/employee-defaults-operations.ts';
import { type MappingRuleOperations, makeMappingRuleOperations } from './rules/mapping-rule-operations.ts';
import { makeRuleChangeOperations, type RuleChangeOperations } from './rules/rule-change-operations.ts';
import type { EndSubscriptions } from './sync/end-subscriptions.ts';
import type { StartSync } from './sync/start-sync.ts';
import { makeSyncRunOperations, type SyncRunOperations } from './sync/sync-run-operations.ts';
import { type AzureConnectOperations, makeAzureConnectOperations } from './tenants/azure-connect.ts';
import type { GraphDirectory } from './tenants/graph-ports.ts';
import type { GraphSignIn, TenantResolver } from './tenants/graph-sign-in-ports.ts';
import type { RecoverConnection } from './tenants/recover-connection.ts';

/** Everything the operations of administrators work with. */
export interface AdminCollaborators {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly startFingerprint: () => Fingerprint;
  readonly giveWay: () => Promise<void>;
  readonly encryption: Encryption;
  readonly credentialMaker: CredentialMaker;
  readonly organizationDirectory: OrganizationDirectory;
  readonly startReplan: StartReplan;
  readonly startSync: StartSync;
  readonly replanAll: ReplanAll;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
  /** Called after a commit that ended credentials: what is remembered about them must not be used any more. */
  readonly forgetCredentials: () => void;
  readonly graphDirectory: GraphDirectory;
  readonly signIn: GraphSignIn;
  readonly recover: RecoverConnection;
  readonly endSubscriptions: EndSubscriptions;
  readonly tenants: TenantResolver;
  /** Where the browser comes back to from a sign-in. */
  readonly redirectUri: string;
  /** Base of every URL that is handed out, without trailing slash. */
  readonly publicUrl: string;
  readonly webhookSender: WebhookSender;
  /** From 0 to 1. */
  readonly jitter: () => number;
  /** Called after a commit that left deliveries to webhooks behind. */
  readonly deliveriesWaiting: (organizationId: string) => void;
}

export interface AdminOperations {
  readonly settings: SettingsOperations;
  readonly employeeDefaults: EmployeeDefaultsOperations;
  readonly referenceData: ReferenceDataOperations;
  readonly connections: ConnectionOperations;
  readonly azureConnect: AzureConnectOperations;
  readonly checkSetup: CheckSetup;
  readonly scimTokens: ScimTokenOperations;
  readonly scimCredentials: ScimCredentialOperations;
  readonly syncRuns: SyncRunOperations;
  readonly apiKeys: ApiKeyOperations;
  readonly organizations: OrganizationOperations;
  readonly mappingRules: MappingRuleOperations;
  readonly heldChanges: HeldChangeOperations;
  readonly ruleChanges: RuleChangeOperations;
  readonly changeSets: ChangeSetOperations;
  readonly employees: EmployeeOperations;
  readonly contacts: ContactOperations;
  readonly relations: RelationOperations;
  readonly directory: DirectoryOperations;
  readonly webhooks: WebhookOperations;
  readonly webhookDeliveries: WebhookDeliveryOperations;
}

/** Everything an administrator can ask for, wired to one unit of work. */
export function makeAdminOperations(collaborators: AdminCollaborators): AdminOperations {
  const { unitOfWork, organizationDirectory } = collaborators;
  return {
    settings: makeSettingsOperations(collaborators),
    employeeDefaults: makeEmployeeDefaultsOperations(collaborators),
    referenceData: makeReferenceDataOperations(collaborators),
    connections: makeConnectionOperations(collaborators),
    azureConnect: makeAzureConnectOperations(collaborators),
    checkSetup: makeCheckSetup(collaborators),
    scimTokens: makeScimTokenOperations(collaborators),
    scimCredentials: makeScimCredentialOperations(collaborators),
    syncRuns: makeSyncRunOperations(collaborators),
    apiKeys: makeApiKeyOperations(collaborators),
    organizations: { list: organizationDirectory.list, create: makeCreateOrganization(collaborators) },
    mappingRules: makeMappingRuleOperations(collaborators),
    heldChanges: makeHeldChangeOperations(collaborators),
    ruleChanges: makeRuleChangeOperations(collaborators),
    changeSets: makeChangeSetOperations(collaborators),
    employees: makeEmployeeOperations(collaborators),
    contacts: makeContactOperations(collaborators),
    relations: makeRelationOperations(collaborators),
    directory: makeDirectoryOperations(unitOfWork),
    webhooks: makeWebhookOperations(collaborators),
    webhookDeliveries: makeWebhookDeliveryOperations(collaborators),
  };
}
