import type { CustomExtension } from '../operations/connections/custom-extension-ports.ts';
import { type Catalogue, makeCatalogue, standardCatalogue } from './catalogue.ts';

const MAX_REMEMBERED = 100;

/**
 * The catalogue of a connection by its extension schemas, as JSON. Most connections have none; of the others each set is
 * built once and used until it has not been asked for in a long time.
 */
export function makeConnectionCatalogues(): (customExtensions: string) => Catalogue {
  const remembered = new Map<string, Catalogue>();

  return (customExtensions) => {
    if (customExtensions === '[]') return standardCatalogue;
    const catalogue = remembered.get(customExtensions) ?? makeCatalogue(readExtensions(customExtensions));
    remembered.delete(customExtensions);
    remembered.set(customExtensions, catalogue);
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return catalogue;
  };
}

/** Written by us, from a checked request. */
function readExtensions(json: string): readonly CustomExtension[] {
  return JSON.parse(json);
}
