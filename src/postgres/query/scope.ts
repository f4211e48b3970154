import type { AttributePath, ResourceFilter } from '../../operations/resource-query.ts';
import { sideMatchIds } from './match.ts';
import type { Parameters } from './parameters.ts';
import type { References, ResourceTable } from './resource-table.ts';
import { attributeJson, jsonPart, type Scalar, textColumn } from './scalar.ts';

/** Elements of a multi-valued attribute: `exists(where)` holds when one element satisfies the condition. */
export interface Elements {
  readonly scope: Scope;
  readonly exists: (condition: string | null) => string;
}

/** What attribute paths mean in SQL: on a resource, or on one element of a multi-valued attribute. */
export interface Scope {
  /** Null where the path is multi-valued here. */
  readonly scalar: (path: AttributePath) => Scalar | null;
  readonly elements: (path: AttributePath) => Elements;
  /** A condition that an index answers by itself, where the filter has such a form. */
  readonly indexed: (filter: ResourceFilter) => string | null;
}

/** Aliases of elements must differ where conditions nest. */
class Aliases {
  #count = 0;
  next(): string {
    this.#count += 1;
    return `e${this.#count}`;
  }
}

const absent: Scalar = textColumn('null::text');

export function resourceScope(table: ResourceTable, parameters: Parameters): Scope {
  const aliases = new Aliases();
  const stored = `${table.alias}.attributes`;
  return {
    indexed: (filter) => {
      const ids = sideMatchIds(filter, table, parameters);
      return ids === null ? null : `${table.id} = any(array(${ids}))`;
    },
    scalar: (path) => {
      if (path.multiValued) return null;
      const name = path.subAttribute === null ? path.attribute : `${path.attribute}.${path.subAttribute}`;
      const column =
        path.extension === null
          ? table.columns.get(name)
          : table.derived.get(`${path.extension}:${path.attribute}:${path.subAttribute}`);
      if (column !== undefined) return column;
      const json = attributeJson(stored, path, parameters);
      return path.subAttribute === null
        ? { json, text: `(${json} #>> '{}')` }
        : jsonPart(json, path.subAttribute, parameters);
    },
    elements: (path) =>
      path.extension === null && path.attribute === table.references.attribute
        ? referenceElements(table.references)
        : storedElements(attributeJson(stored, path, parameters), aliases.next(), parameters),
  };
}

/** Within one membership, under the aliases of `References.from`. */
export function referenceScope({ columns }: References): Scope {
  const scope: Scope = {
    indexed: () => null,
    scalar: (path) => columns.get(path.subAttribute ?? 'value') ?? absent,
    elements: () => ({ scope, exists: () => 'false' }),
  };
  return scope;
}

function referenceElements(references: References): Elements {
  const { from } = references;
  return {
    scope: referenceScope(references),
    exists: (condition) => `exists (select ${from}${condition === null ? '' : ` and (${condition})`})`,
  };
}

/** Elements of a JSON array; anything else has none. */
export const elementsOf = (json: string): string =>
  `jsonb_array_elements(case when jsonb_typeof(${json}) = 'array' then ${json} else '[]'::jsonb end)`;

function storedElements(json: string, alias: string, parameters: Parameters): Elements {
  const scope: Scope = {
    indexed: () => null,
    // Within an element every path names a part of it.
    scalar: (path) => jsonPart(`${alias}.element`, path.subAttribute, parameters),
    elements: () => ({ scope, exists: () => 'false' }),
  };
  return {
    scope,
    exists: (condition) =>
      `exists (select from ${elementsOf(json)} as ${alias}(element)${condition === null ? '' : ` where ${condition}`})`,
  };
}
