import type { AttributeType, ResourceKind } from '../operations/resource-query.ts';

export type Mutability = 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
export type Returned = 'always' | 'never' | 'default' | 'request';
export type Uniqueness = 'none' | 'server' | 'global';

/** The characteristics of RFC 7643 §7, all of them present. */
export interface AttributeDefinition {
  readonly name: string;
  readonly type: AttributeType;
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: Mutability;
  readonly returned: Returned;
  readonly uniqueness: Uniqueness;
  /** Advertised in `/Schemas`, never enforced; empty when there are none. */
  readonly canonicalValues: readonly string[];
  readonly referenceTypes: readonly string[];
  readonly subAttributes: readonly AttributeDefinition[];
}

/** RFC 7643 §2.3.6 and §2.3.7: binary values and references compare with case, whatever their definition says. */
export const isTypeCaseExact = (type: AttributeType): boolean => type === 'binary' || type === 'reference';

export interface SchemaDefinition {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly resource: ResourceKind;
  readonly isExtension: boolean;
  readonly attributes: readonly AttributeDefinition[];
}
