import type { RequestHandler } from 'express';
import { methods, type OpenApiDocument, type OperationObject, type PathItem } from './openapi-document.ts';
import { notFound, sendProblem } from './problem.ts';
import { isUuid } from './validate-request.ts';

interface KnownPath {
  readonly pattern: RegExp;
  /** Of the variable segments. */
  readonly names: readonly string[];
  readonly item: PathItem;
  readonly allow: string;
}

function knownPathOf([path, item]: [string, PathItem]): KnownPath {
  const pattern = path.replaceAll(/[.\\+*?^$()[\]|]/g, '\\$&').replaceAll(/\{[^}]+\}/g, '([^/]+)');
  const allowed = methods
    .filter((method) => item[method] !== undefined)
    .map((method) => method.toUpperCase());
  if (item.get !== undefined) allowed.push('HEAD');
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
  return { pattern: new RegExp(`^${pattern}/?$`, 'i'), names, item, allow: allowed.join(', ') };
}

/** A change set goes by the id of a request, which clients may choose; every other id is ours. */
const isIdOf = (name: string, id: string): boolean =>
  name === 'changeSetId' ? /^[\w.-]{8,128}$/.test(id) : isUuid(id);

function operationOf(item: PathItem, method: string): OperationObject | undefined {
  const name = method === 'HEAD' ? 'get' : method.toLowerCase();
  return methods.includes(name as (typeof methods)[number])
    ? item[name as (typeof methods)[number]]
    : undefined;
}

/**
 * 404 for a path that the document does not know or whose ids cannot be ids, 405 with `Allow` for a method that it does
 * not know there. Leaves the operation for the steps that follow.
 */
export function makeKnownPathCheck(document: OpenApiDocument): RequestHandler {
  const known = Object.entries(document.paths)
    .filter(([, item]) => item.servers === undefined)
    // Literal segments before variable ones, as the routers have it.
    .sort(([one], [other]) => one.split('{').length - other.split('{').length)
    .map(knownPathOf);

  return (request, response, next) => {
    for (const { pattern, names, item, allow } of known) {
      const found = pattern.exec(request.path);
      if (found === null) continue;
      if (!found.slice(1).every((id, index) => isIdOf(names[index] ?? '', id)))
        return sendProblem(response, notFound);
      const operation = operationOf(item, request.method);
      if (operation === undefined) {
        const detail = `${request.method} is not possible here; ${allow} is.`;
        return sendProblem(response, { status: 405, detail, headers: { Allow: allow } });
      }
      response.locals.operation = operation;
      return next();
    }
    sendProblem(response, notFound);
  };
}
