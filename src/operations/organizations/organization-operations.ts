import type { Page, PageRequest } from '../keyset-page.ts';
import type { Organization } from './admin-ports.ts';
import type { CreateOrganization } from './create-organization.ts';

/** All organizations of the installation: the one question that is not asked inside an organization. */
export interface OrganizationDirectory {
  readonly list: (page: PageRequest) => Promise<Page<Organization>>;
}

export interface OrganizationOperations extends OrganizationDirectory {
  readonly create: CreateOrganization;
}
