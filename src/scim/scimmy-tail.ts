import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { SCIMMYRouters } from 'scimmy-routers';
import type { ResourceCall } from './resources/scimmy-resources.ts';

export interface TailRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: unknown;
  /** Relative to the connection's base: `/Users/{id}`. */
  readonly url: string;
}

/** Resolves when the resource, if there is one at the address, has settled the call. */
export type Dispatch = (call: ResourceCall, tail: TailRequest) => Promise<void>;

/**
 * scimmy-routers as the tail of the pipeline: it finds the resource type and calls it. What it then wants to send is
 * dropped; the answer that the call came to is sent instead, with exact headers and without its process-wide base path.
 */
export function makeScimmyTail(): Dispatch {
  const calls = new WeakMap<IncomingMessage, ResourceCall>();
  // These three do no I/O: authentication and base URL are settled before the tail.
  const routers: RequestHandler = new SCIMMYRouters({
    type: 'bearer',
    handler: () => '',
    context: (request) => calls.get(request),
  });
  const app = express();
  app.use(routers);

  return (call, { request, response, body, url }) =>
    new Promise((resolve, reject) => {
      calls.set(request, call);
      // Express 5 parses the query at every read; the routers write into it, so it is pinned as an own property.
      Object.defineProperty(request, 'query', { value: {}, writable: true, configurable: true });
      const settle = (error?: unknown): ServerResponse => {
        for (const name of response.getHeaderNames()) response.removeHeader(name);
        if (error) reject(error);
        else resolve();
        return response;
      };
      Object.assign(request, { url, originalUrl: request.url, body });
      Object.assign(response, { send: () => settle() });
      // The application gives the two their Express prototypes.
      app(request as Request, response as Response, settle as NextFunction);
    });
}
