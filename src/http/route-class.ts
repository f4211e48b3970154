const SCIM = /^\/scim\/v2\/[^/]+\/([^/]+)/i;
const GRAPH = /^(\/graph\/[^/]+)\//i;
const ADMIN = /^\/api\/v1\/([^/]+)/i;

const SCIM_NAMES = [
  'Users',
  'Groups',
  'Me',
  'Bulk',
  '.search',
  'Schemas',
  'ResourceTypes',
  'ServiceProviderConfig',
];
const ADMIN_NAMES = [
  'accounts',
  'api-keys',
  'connections',
  'contacts',
  'departments',
  'directory-groups',
  'directory-users',
  'employee-defaults',
  'employee-roles',
  'employees',
  'held-changes',
  'job-titles',
  'locations',
  'mapping-rules',
  'organizations',
  'provisioning-events',
  'relations',
  'security-roles',
  'settings',
  'sync-runs',
];
const ROOT_PATHS = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/openapi.json',
  '/docs',
  '/oauth/integrationcallback.aspx',
  '/oauth/token',
  '/graph/notify',
  '/graph/lifecycle',
];

const classes = new Map<string, string>([
  ...SCIM_NAMES.map((name) => [`scim:${name.toLowerCase()}`, `scim:${name}`] as const),
  ...ADMIN_NAMES.map((name) => [`api:${name}`, `api:${name}`] as const),
  ...ROOT_PATHS.map((path) => [path, path] as const),
]);

function keyOf(path: string): string {
  const scim = SCIM.exec(path)?.[1];
  if (scim !== undefined) return `scim:${scim.toLowerCase()}`;
  const admin = ADMIN.exec(path)?.[1];
  if (admin !== undefined) return `api:${admin.toLowerCase()}`;
  return (GRAPH.exec(path)?.[1] ?? path).toLowerCase();
}

/** One of a closed list: a caller who invents paths must not be able to grow the metrics without end. */
export function routeClassOf(path: string): string {
  return classes.get(keyOf(path)) ?? 'other';
}
