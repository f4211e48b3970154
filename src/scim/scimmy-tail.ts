import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { SCIMMYRouters } from 'scimmy-routers';
import { sendAnswer } from './protocol/send-answer.ts';
import type { ResourceCall } from './resources/scimmy-resources.ts';

export type Dispatch = (call: ResourceCall, request: Request, response: Response, next: NextFunction) => void;

/**
 * scimmy-routers as the tail of the pipeline: it finds the resource type and calls it. Whatever it then wants to send,
 * the answer that the call came to is sent instead, with exact headers and without its process-wide base path.
 */
export function makeScimmyTail(): Dispatch {
  const calls = new WeakMap<Request, ResourceCall>();
  // These three do no I/O: authentication and base URL are settled before the tail.
  const routers: RequestHandler = new SCIMMYRouters({
    type: 'bearer',
    handler: () => '',
    context: (request) => calls.get(request),
  });

  return function dispatch(call, request, response, next) {
    calls.set(request, call);
    response.send = () => {
      sendAnswer(request, response, call.outcome).catch(next);
      return response;
    };
    routers(request, response, next);
  };
}
