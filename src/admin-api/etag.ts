import type { Request, Response } from 'express';
import { OperationError } from '../operations/operation-error.ts';
import type { VersionPrecondition } from '../operations/resources/scim-operations.ts';

const etagOf = (revision: number): string => `"${revision}"`;

export function setEtag(response: Response, revision: number): void {
  response.set('ETag', etagOf(revision));
}

const entityTag = /^(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;

/**
 * RFC 9110 §13.1.1. A weak tag is taken for its strong twin: proxies that compress turn ours into weak ones. A tag that
 * never was one of ours matches nothing.
 */
export function preconditionOf(request: Request): VersionPrecondition {
  const header = request.get('If-Match')?.trim();
  if (header === undefined) return null;
  if (header === '*') return 'any';
  return header.split(',').map((part) => {
    const tag = entityTag.exec(part.trim())?.[1];
    if (tag === undefined) {
      const fields = [{ pointer: '/If-Match', detail: 'must be * or entity tags in double quotes' }];
      throw new OperationError('invalid', 'If-Match is not well-formed.', { fields });
    }
    return /^\d{1,15}$/.test(tag) ? Number(tag) : -1;
  });
}
