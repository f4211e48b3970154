import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What this project reads of its own document; the rest is passed on as it is. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
  };
}

export interface PathItem {
  /** Set on paths that are not under the base path. */
  readonly servers?: readonly { readonly url: string }[];
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly get?: OperationObject;
  readonly put?: OperationObject;
  readonly post?: OperationObject;
  readonly patch?: OperationObject;
  readonly delete?: OperationObject;
}

export interface OperationObject {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject | Reference>>;
}

export interface Reference {
  readonly $ref: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description?: string;
  readonly required?: boolean;
  readonly schema: Schema | Reference;
}

export interface ResponseObject {
  readonly description: string;
  readonly content?: Content;
}

export type Content = Readonly<Record<string, MediaType>>;

export interface MediaType {
  readonly schema: Schema | Reference;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>>;
}

export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema | Reference>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema | Reference;
  readonly items?: Schema | Reference;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

export const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof methods)[number];

/** Sources run from `src/`, the build from `dist/src/`: the document lies beside either's root. */
const places = ['../../openapi/admin.yaml', '../../../openapi/admin.yaml'];

let read: OpenApiDocument | null = null;

/**
 * The description of the administration API: what requests are validated by and the reference is made from. The file is read
 * once by a process, as it takes a quarter of a second.
 */
export function readOpenApiDocument(): OpenApiDocument {
  read ??= readFromFile();
  return read;
}

function readFromFile(): OpenApiDocument {
  const url = places
    .map((place) => new URL(place, import.meta.url))
    .find((candidate) => existsSync(candidate));
  if (url === undefined) throw new Error('openapi/admin.yaml is missing from this installation');
  // Our own file, and the tests validate it against the OpenAPI schema.
  return parse(readFileSync(url, 'utf8')) as OpenApiDocument;
}
