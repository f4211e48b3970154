import { ScimRefusal } from './scim-refusal.ts';

export type ScimMessage = { readonly member: (name: string) => unknown };

export function invalidSyntax(detail: string): ScimRefusal {
  return new ScimRefusal(400, detail, { scimType: 'invalidSyntax' });
}

/** The members of an object by name in any case. A map, so that no name of a client can reach a prototype. */
export function readMembers(value: unknown, what: string): ScimMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidSyntax(`${what} must be a JSON object`);
  }
  const members = new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]));
  return { member: (name) => members.get(name.toLowerCase()) };
}

function declares(schemas: unknown, urn: string): boolean {
  if (!Array.isArray(schemas)) return false;
  return schemas.some((schema) => typeof schema === 'string' && schema.toLowerCase() === urn.toLowerCase());
}

/** A protocol message, recognised by its schema. RFC 7644 §3.1. */
export function readMessage(body: unknown, urn: string): ScimMessage {
  const message = readMembers(body, 'The body');
  if (!declares(message.member('schemas'), urn)) throw invalidSyntax(`schemas must contain ${urn}`);
  return message;
}

export function readText(message: ScimMessage, name: string): string | null {
  const value = message.member(name) ?? null;
  if (value !== null && typeof value !== 'string') throw invalidSyntax(`${name} must be a string`);
  return value;
}

export function readNumber(message: ScimMessage, name: string): string | number | null {
  const value = message.member(name) ?? null;
  if (value !== null && typeof value !== 'number' && typeof value !== 'string') {
    throw invalidSyntax(`${name} must be a number`);
  }
  return value;
}
