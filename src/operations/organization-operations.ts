import type { Organization } from './admin-ports.ts';
import type { CreateOrganization } from './create-organization.ts';
import type { Page, PageRequest } from './keyset-page.ts';

/** All organizations of the installation: the one question that is not asked inside an organization. */
export interface OrganizationDirectory {
  /** In id order, after `afterId`. */
  readonly list: (afterId: string | null, limit: number) => Promise<readonly Organization[]>;
}

export interface OrganizationOperations {
  readonly list: (page: PageRequest) => Promise<Page<Organization>>;
  readonly create: CreateOrganization;
}

export function makeOrganizationOperations(
  directory: OrganizationDirectory,
  create: CreateOrganization,
): OrganizationOperations {
  return {
    list: async ({ after, limit }) => {
      const found = await directory.list(after, limit + 1);
      const items = found.slice(0, limit);
      return { items, nextAfter: found.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    create,
  };
}
