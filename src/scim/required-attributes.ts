import type { ResourceKind } from '../operations/resource-query.ts';
import type { Catalogue, CatalogueAttribute } from './catalogue.ts';
import type { ResourceDraft } from './patch/resource-draft.ts';
import { valueFault } from './value-fault.ts';

/** RFC 7643 §2.2: an extension that the resource uses must hold what it requires. */
export function requireExtensionAttributes(
  draft: ResourceDraft,
  kind: ResourceKind,
  catalogue: Catalogue,
): void {
  const missing = missingAttribute(draft, kind, catalogue);
  if (missing !== undefined) throw valueFault(`${missing.name} is required`);
}

/** The same after a change; a resource that was incomplete before, since its schema came later, may stay so. */
export function keepExtensionsComplete(
  draft: ResourceDraft,
  kind: ResourceKind,
  catalogue: Catalogue,
  change: () => void,
): void {
  const wasComplete = missingAttribute(draft, kind, catalogue) === undefined;
  change();
  if (wasComplete) requireExtensionAttributes(draft, kind, catalogue);
}

function missingAttribute(
  draft: ResourceDraft,
  kind: ResourceKind,
  catalogue: Catalogue,
): CatalogueAttribute | undefined {
  for (const { attributes } of catalogue.extensions(kind)) {
    const required = attributes.filter((attribute) => attribute.required);
    const isUsed = required.length > 0 && attributes.some((attribute) => draft.get(attribute) !== undefined);
    const missing = isUsed ? required.find((attribute) => draft.get(attribute) === undefined) : undefined;
    if (missing !== undefined) return missing;
  }
  return undefined;
}
