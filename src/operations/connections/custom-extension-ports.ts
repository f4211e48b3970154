import type { AttributeType, ResourceKind } from '../resource-query.ts';

/** What an administrator describes of an attribute; what is absent takes the defaults of RFC 7643 §2.2. */
export interface CustomAttribute {
  readonly name: string;
  readonly type?: AttributeType;
  readonly multiValued?: boolean;
  readonly description?: string;
  readonly required?: boolean;
  readonly caseExact?: boolean;
  readonly mutability?: 'readWrite' | 'readOnly' | 'immutable';
  readonly canonicalValues?: readonly string[];
  /** Of type `complex` only. */
  readonly subAttributes?: readonly CustomAttribute[];
}

/** An extension schema of one connection, RFC 7643 §3.3. */
export interface CustomExtension {
  /** Its URN. */
  readonly schema: string;
  readonly name: string;
  readonly description?: string;
  /** `User` when absent. */
  readonly resource?: ResourceKind;
  readonly attributes: readonly CustomAttribute[];
}
