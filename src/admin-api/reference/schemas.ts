import type { OpenApiDocument, Reference, Schema } from '../openapi-document.ts';
import { html, type Markup, markdownLine } from './html.ts';

/** Deeper than anything in the document; ends what refers to itself. */
const MAX_DEPTH = 6;

const isReference = (value: object): value is Reference => '$ref' in value;
const lastPart = ({ $ref }: Reference): string => $ref.slice($ref.lastIndexOf('/') + 1);

/** Follows a reference into one of the document's components. */
export function resolve<Value extends object>(
  value: Value | Reference,
  components: Readonly<Record<string, Value>>,
): Value {
  if (!isReference(value)) return value;
  const found = components[lastPart(value)];
  if (found === undefined) throw new Error(`openapi/admin.yaml refers to ${value.$ref}, which is not there`);
  return found;
}

export const schemaName = (schema: Schema | Reference): string | null =>
  isReference(schema) ? lastPart(schema) : null;

const typesOf = ({ type }: Schema): readonly string[] => (type === undefined ? [] : [type].flat());

const samples: Readonly<Record<string, unknown>> = {
  uuid: '0199c1a0-7c1e-7000-8000-5f0c2a9d1e42',
  'date-time': '2026-11-24T12:00:00.000Z',
};

/** An instance to look at: an example value for every field. */
export function sampleOf(schema: Schema | Reference, document: OpenApiDocument, depth = 0): unknown {
  const {
    enum: choices,
    items,
    properties,
    format,
    minimum,
    ...rest
  } = resolve(schema, document.components.schemas);
  if (choices !== undefined) return choices[0];
  if (properties !== undefined && depth < MAX_DEPTH) {
    const fields = Object.entries(properties);
    return Object.fromEntries(fields.map(([name, field]) => [name, sampleOf(field, document, depth + 1)]));
  }
  const [type] = typesOf(rest);
  if (type === 'array')
    return items === undefined || depth >= MAX_DEPTH ? [] : [sampleOf(items, document, depth + 1)];
  if (type === 'string') return samples[format ?? ''] ?? 'text';
  if (type === 'integer') return minimum ?? 0;
  if (type === 'boolean') return true;
  return type === 'object' ? {} : null;
}

function describeType(schema: Schema, document: OpenApiDocument): string {
  const [type = 'any', ...others] = typesOf(schema);
  const items = schema.items === undefined ? null : resolve(schema.items, document.components.schemas);
  const name = type === 'array' && items !== null ? `array of ${describeType(items, document)}` : type;
  const format = schema.format === undefined ? '' : ` (${schema.format})`;
  return [name + format, ...others].join(' | ');
}

function limitsOf({
  enum: choices,
  minimum,
  maximum,
  minLength,
  maxLength,
  maxItems,
}: Schema): readonly string[] {
  const between = (low: number | undefined, high: number | undefined, what: string): readonly string[] => {
    if (high === undefined) return low === undefined ? [] : [`at least ${low}${what}`];
    return [`${low ?? 0} to ${high}${what}`];
  };
  return [
    ...(choices === undefined ? [] : [choices.map((choice) => `\`${String(choice)}\``).join(', ')]),
    ...between(minimum, maximum, ''),
    ...(maxLength === undefined ? [] : between(minLength, maxLength, ' characters')),
    ...(maxItems === undefined ? [] : between(0, maxItems, ' items')),
  ];
}

interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** Fields of the object, or of the objects of the list, each below the one that holds it. */
function* fieldsOf(schema: Schema, document: OpenApiDocument, path = '', depth = 0): Generator<Field> {
  const { schemas } = document.components;
  const inner = schema.items === undefined ? schema : resolve(schema.items, schemas);
  const base = schema.items === undefined || path === '' ? path : `${path}[]`;
  if (inner.properties === undefined || depth >= MAX_DEPTH) return;
  for (const [name, field] of Object.entries(inner.properties)) {
    const resolved = resolve(field, schemas);
    const full = base === '' ? name : `${base}.${name}`;
    yield { name: full, schema: resolved, isRequired: inner.required?.includes(name) === true };
    yield* fieldsOf(resolved, document, full, depth + 1);
  }
}

/** `marksRequired`: for bodies; answers hold all their fields. */
export function renderFields(
  schema: Schema | Reference,
  document: OpenApiDocument,
  { marksRequired }: { readonly marksRequired: boolean },
): Markup | null {
  const fields = [...fieldsOf(resolve(schema, document.components.schemas), document)];
  if (fields.length === 0) return null;
  const rows = fields.map(
    (field) =>
      html`<tr><td><code>${field.name}</code>${
        marksRequired && field.isRequired ? html` <b class="required">required</b>` : null
      }</td><td>${describeType(field.schema, document)}</td><td>${renderNotes(field.schema)}</td></tr>`,
  );
  return html`<div class="scroll"><table><thead><tr><th>Field</th><th>Type</th><th>Notes</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

export function renderNotes(schema: Schema, description = schema.description): Markup {
  const notes = [...limitsOf(schema), ...(description === undefined ? [] : [description])];
  return markdownLine(notes.map((note) => note.trim().replace(/\.$/, '')).join('. '));
}

export const typeOf = describeType;
