import type { ConnectionContext } from '../../operations/context.ts';
import type { ScimOperations, VersionPrecondition } from '../../operations/resources/scim-operations.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Projection } from '../protocol/projection.ts';
import type { ListRequest } from './list-request.ts';

/** The part that is the same for every operation of a request. */
export interface ScimServices {
  readonly context: ConnectionContext;
  readonly operations: ScimOperations;
  readonly catalogue: Catalogue;
}

export interface ScimExchangeParts extends ScimServices {
  readonly projection: Projection;
  readonly ifMatch?: VersionPrecondition;
  readonly ifNoneMatch?: VersionPrecondition;
  /** Only of a query on a collection. */
  readonly listRequest?: ListRequest;
}

/**
 * Everything one operation on a resource needs besides its id and body. It is handed through scimmy as the context,
 * untyped; being a class, it can be recognised on the other side.
 */
export class ScimExchange implements ScimServices {
  readonly context: ConnectionContext;
  readonly operations: ScimOperations;
  readonly catalogue: Catalogue;
  readonly projection: Projection;
  readonly ifMatch: VersionPrecondition;
  readonly ifNoneMatch: VersionPrecondition;
  readonly #listRequest: ListRequest | undefined;

  constructor(parts: ScimExchangeParts) {
    this.context = parts.context;
    this.operations = parts.operations;
    this.catalogue = parts.catalogue;
    this.projection = parts.projection;
    this.ifMatch = parts.ifMatch ?? null;
    this.ifNoneMatch = parts.ifNoneMatch ?? null;
    this.#listRequest = parts.listRequest;
  }

  get listRequest(): ListRequest {
    if (this.#listRequest === undefined) throw new TypeError('This exchange is not a query');
    return this.#listRequest;
  }
}
