import {
  COLLECTIONS,
  DEFAULT_PROPERTIES,
  type DirectoryObject,
  type Json,
  odataType,
} from './directory-object.ts';
import { isoSeconds } from './emulator-clock.ts';

type Representation = Record<string, Json | undefined>;

/** As a read returns it: every selected property, null when it was never set. */
export function representObject(
  object: DirectoryObject,
  select: readonly string[] | undefined,
): Representation {
  const shown: Representation = {};
  for (const name of select ?? DEFAULT_PROPERTIES[object.type]) {
    shown[name] = propertyOf(object, name) ?? (COLLECTIONS.has(name) ? [] : null);
  }
  // The object id comes with every selection.
  shown['id'] = object.id;
  return shown;
}

/** As a delta row: properties that were never set are left out. */
export function representDeltaRow(object: DirectoryObject, select: readonly string[]): Representation {
  const row: Representation = { id: object.id };
  for (const name of select) {
    const value = propertyOf(object, name);
    if (value !== undefined) row[name] = value;
  }
  return row;
}

function propertyOf(object: DirectoryObject, name: string): Json | undefined {
  if (name === 'id') return object.id;
  if (name === 'deletedDateTime') {
    return object.deletedAt === null ? undefined : isoSeconds(object.deletedAt);
  }
  return object.properties[name];
}

/** In a list of mixed objects each says what it is. */
export function representTyped(
  object: DirectoryObject,
  select: readonly string[] | undefined,
): Representation {
  return { '@odata.type': odataType(object.type), ...representObject(object, select) };
}

/** An object whose type the caller may not read: only what it is and its id, the rest as if it were empty. */
export function representLimited(
  object: DirectoryObject,
  select: readonly string[] | undefined,
): Representation {
  const shown: Representation = { '@odata.type': odataType(object.type), id: object.id };
  for (const name of select ?? DEFAULT_PROPERTIES[object.type]) if (name !== 'id') shown[name] = null;
  return shown;
}
