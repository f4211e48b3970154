import type { Response } from 'express';
import type { FieldFault } from '../operations/operation-error.ts';

/** RFC 9457 problem details. */
export interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldFault[];
  readonly missing?: readonly string[];
  readonly relations?: readonly object[];
  readonly usedBy?: readonly object[];
  readonly digest?: string;
  /** Header fields that go with the status. */
  readonly headers?: Readonly<Record<string, string>>;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export const notFound: Problem = { status: 404, detail: 'There is nothing at this address.' };

export function sendProblem(response: Response, { headers = {}, ...problem }: Problem): void {
  const title = titles[problem.status] ?? 'Error';
  // RFC 9457 §4.2.1: about:blank says that the problem is no more than its status; the members tell the rest.
  const body = { type: 'about:blank', title, ...problem };
  response.status(problem.status).set(headers).type('application/problem+json').send(JSON.stringify(body));
}
