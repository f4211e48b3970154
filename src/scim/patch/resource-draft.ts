import type { JsonObject, JsonValue } from '../../directory/json.ts';
import type { CatalogueAttribute } from '../catalogue.ts';
import { isJsonObject } from '../read-value.ts';

/** A resource being changed: attributes by canonical name, those of extensions under their URN. */
export interface ResourceDraft {
  readonly get: (attribute: CatalogueAttribute) => JsonValue | undefined;
  /** Undefined unsets; an extension without attributes disappears. */
  readonly put: (attribute: CatalogueAttribute, value: JsonValue | undefined) => void;
  /** The value of a core attribute, taken out of the draft. */
  readonly take: (name: string) => JsonValue | undefined;
  /** What is left, as a plain object. */
  readonly rest: () => JsonObject;
}

/** Copies what it changes, never the object given. */
export function makeResourceDraft(stored: JsonObject): ResourceDraft {
  const core = new Map(Object.entries(stored));
  const extensions = new Map<string, Map<string, JsonValue>>();

  const extension = (urn: string) => {
    const opened = extensions.get(urn);
    if (opened !== undefined) return opened;
    const content = core.get(urn);
    const copy = new Map(isJsonObject(content) ? Object.entries(content) : []);
    extensions.set(urn, copy);
    return copy;
  };
  const holder = (attribute: CatalogueAttribute) =>
    attribute.extension === null ? core : extension(attribute.extension);

  return {
    get: (attribute) => holder(attribute).get(attribute.name),
    put: (attribute, value) => {
      const values = holder(attribute);
      if (value === undefined) values.delete(attribute.name);
      else values.set(attribute.name, value);
    },
    take: (name) => {
      const value = core.get(name);
      core.delete(name);
      return value;
    },
    rest: () => {
      for (const [urn, values] of extensions) {
        if (values.size === 0) core.delete(urn);
        else core.set(urn, Object.fromEntries(values));
      }
      return Object.fromEntries(core);
    },
  };
}
