import type { ResourceFilter } from '../../operations/resource-query.ts';
import type { Parameters } from './parameters.ts';

/**
 * Within these lengths every matching value is in `directory_user_emails`, which holds values up to 256 characters and
 * types up to 64: folding case at most doubles a text.
 */
const longestValue = 128;
const longestType = 32;

interface EmailMatch {
  readonly value: string;
  readonly type: string | null;
}

type Part = 'value' | 'type';

/** The literal of `emails.value eq "…"` or `emails.type eq "…"`. */
function equalText(filter: ResourceFilter, part: Part, longest: number): string | null {
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || typeof filter.value !== 'string') return null;
  const { path, value } = filter;
  const isPart = path.extension === null && path.attribute === 'emails' && path.subAttribute === part;
  if (!isPart || path.caseExact || value === '' || value.includes('\0')) return null;
  return value.length <= longest ? value : null;
}

/** Recognises `emails.value eq`, `emails[value eq]` and `emails[type eq and value eq]` in either order. */
export function readEmailMatch(filter: ResourceFilter): EmailMatch | null {
  if (filter.kind === 'compare') return withType(equalText(filter, 'value', longestValue), null);
  if (filter.kind !== 'element' || filter.path.attribute !== 'emails' || filter.path.extension !== null) {
    return null;
  }
  if (filter.where.kind !== 'all') return withType(equalText(filter.where, 'value', longestValue), null);
  const [first, second, ...more] = filter.where.of;
  if (first === undefined || second === undefined || more.length > 0) return null;
  return typeAndValue(first, second) ?? typeAndValue(second, first);
}

const withType = (value: string | null, type: string | null): EmailMatch | null =>
  value === null ? null : { value, type };

function typeAndValue(typeFilter: ResourceFilter, valueFilter: ResourceFilter): EmailMatch | null {
  const type = equalText(typeFilter, 'type', longestType);
  return type === null ? null : withType(equalText(valueFilter, 'value', longestValue), type);
}

/** Ids of the users with such an email; $1 is the organization. */
export function emailMatchIds(match: EmailMatch, parameters: Parameters): string {
  const ofType = match.type === null ? '' : ` and k.type_key = lower(${parameters.bind(match.type, 'text')})`;
  return `select k.directory_user_id as id from directory_user_emails k
    where k.organization_id = $1::uuid and k.value_key = lower(${parameters.bind(match.value, 'text')})${ofType}`;
}
