import type { Request, Response } from 'express';
import type { OrganizationContext } from '../operations/context.ts';
import type { OperationObject } from './openapi-document.ts';

/** Who asks, put there by authentication. */
export function contextOf(response: Response): OrganizationContext {
  const context: unknown = response.locals.context;
  if (typeof context !== 'object' || context === null)
    throw new Error('The request has not been authenticated');
  return context as OrganizationContext;
}

/** The operation of the document that is asked for, put there by the check of the path. */
export function operationOf(response: Response): OperationObject {
  return response.locals.operation as OperationObject;
}

/** An id of the path; the check of the path has made sure that it is a UUID. */
export function idOf(request: Request, name = 'id'): string {
  const value = request.params[name];
  if (typeof value !== 'string') throw new Error(`The path has no ${name}`);
  return value.toLowerCase();
}

/** The body. Validation against the document has made sure that it has this shape. */
export const bodyOf = <Body>(request: Request): Body => request.body as Body;

/** A query parameter as text, null when it is absent or empty. */
export function queryOf(request: Request, name: string): string | null {
  const value: unknown = request.query[name];
  return value === undefined || value === '' ? null : String(value);
}

/** For parameters that the document narrows to an enumeration. */
export const choiceOf = <Choice extends string>(request: Request, name: string): Choice | null =>
  queryOf(request, name) as Choice | null;

export const flagOf = (request: Request, name: string): boolean => queryOf(request, name) === 'true';
