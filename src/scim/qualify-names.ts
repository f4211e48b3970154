import type { ResourceKind } from '../operations/resource-query.ts';
import type { Catalogue } from './catalogue.ts';

const kinds: readonly ResourceKind[] = ['User', 'Group'];

/**
 * The names, and for each that only an extension knows also the one with its URN: `manager` is taken in `attributes` as
 * it is in filters and paths.
 */
export function qualifyNames(
  names: readonly string[] | null,
  catalogue: Catalogue,
): readonly string[] | null {
  return names?.flatMap((name) => [name, ...qualified(name.trim(), catalogue)]) ?? null;
}

function qualified(name: string, catalogue: Catalogue): readonly string[] {
  if (name === '' || name.includes(':')) return [];
  const [attribute = ''] = name.split('.', 1);
  return kinds.flatMap((kind) => {
    const extension = catalogue.attribute(kind, attribute)?.extension ?? null;
    return extension === null ? [] : [`${extension}:${name}`];
  });
}
