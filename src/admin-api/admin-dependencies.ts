import type { Logger } from '../observability/logger.ts';
import type { AdminOperations } from '../operations/make-admin-operations.ts';
import type { AdminAuthentication } from './authenticate.ts';
import type { OpenApiDocument } from './openapi-document.ts';

/** What the routes of the administration API work with. */
export interface AdminDependencies {
  readonly operations: AdminOperations;
  readonly authentication: AdminAuthentication;
  readonly document: OpenApiDocument;
  readonly logger: Logger;
  /** Base of all URLs that are handed out, without trailing slash. Asked per request: a port can be chosen late. */
  readonly publicUrl: () => string;
}
