/** As much of JSON Schema as openapi/admin.yaml uses. A keyword that is not known here fails, so none is skipped. */
export type JsonSchema = Readonly<Record<string, unknown>>;

type Resolve = (reference: string) => JsonSchema;
type Check = (
  keyword: unknown,
  value: unknown,
  at: string,
  schema: JsonSchema,
  resolve: Resolve,
) => readonly string[];

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** The contract promises RFC 3339 in UTC. */
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const formats: Readonly<Record<string, RegExp>> = { uuid, 'date-time': dateTime };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const fail = (isWrong: boolean, at: string, what: string): readonly string[] =>
  isWrong ? [`${at || '/'} ${what}`] : [];

const number = (keyword: unknown): number => {
  if (typeof keyword !== 'number') throw new Error(`Not a number in a schema: ${JSON.stringify(keyword)}`);
  return keyword;
};

function checkFields(properties: unknown, value: unknown, at: string, resolve: Resolve): readonly string[] {
  if (!isObject(value) || !isObject(properties)) return [];
  return Object.entries(properties).flatMap(([name, schema]) =>
    name in value ? validate(schema, value[name], `${at}/${name}`, resolve) : [],
  );
}

function checkOthers(additional: unknown, value: unknown, at: string, schema: JsonSchema, resolve: Resolve) {
  if (!isObject(value)) return [];
  const known = isObject(schema.properties) ? Object.keys(schema.properties) : [];
  const others = Object.keys(value).filter((name) => !known.includes(name));
  if (additional === false) return others.map((name) => `${at}/${name} is not in the schema`);
  return others.flatMap((name) => validate(additional, value[name], `${at}/${name}`, resolve));
}

const checks: Readonly<Record<string, Check>> = {
  $ref: (reference, value, at, _schema, resolve) => validate(resolve(String(reference)), value, at, resolve),
  type: (types, value, at) => {
    const wanted: readonly unknown[] = Array.isArray(types) ? types : [types];
    const isRight =
      wanted.includes(typeOf(value)) || (typeOf(value) === 'integer' && wanted.includes('number'));
    return fail(!isRight, at, `is ${typeOf(value)}, not ${wanted.join(' or ')}`);
  },
  enum: (choices, value, at) => {
    const isChoice = Array.isArray(choices) && choices.includes(value);
    return fail(!isChoice, at, `is ${JSON.stringify(value)}, not one of ${JSON.stringify(choices)}`);
  },
  format: (format, value, at) => {
    const form = formats[String(format)];
    if (form === undefined) throw new Error(`Unknown format ${String(format)}`);
    return fail(
      typeof value === 'string' && !form.test(value),
      at,
      `is no ${String(format)}: ${String(value)}`,
    );
  },
  required: (names, value, at) =>
    isObject(value) && Array.isArray(names)
      ? names.filter((name) => !(String(name) in value)).map((name) => `${at}/${String(name)} is missing`)
      : [],
  properties: (properties, value, at, _schema, resolve) => checkFields(properties, value, at, resolve),
  additionalProperties: checkOthers,
  oneOf: (choices, value, at, _schema, resolve) => {
    if (!Array.isArray(choices)) throw new Error(`Not a list of schemas at ${at}`);
    const matches = choices.filter((choice) => validate(choice, value, at, resolve).length === 0).length;
    return fail(matches !== 1, at, `matches ${matches} of the choices, not one`);
  },
  items: (schema, value, at, _schema, resolve) =>
    Array.isArray(value)
      ? value.flatMap((item, index) => validate(schema, item, `${at}/${index}`, resolve))
      : [],
  minimum: (limit, value, at) =>
    fail(typeof value === 'number' && value < number(limit), at, `is below ${limit}`),
  maximum: (limit, value, at) =>
    fail(typeof value === 'number' && value > number(limit), at, `is above ${limit}`),
  minLength: (limit, value, at) =>
    fail(typeof value === 'string' && value.length < number(limit), at, 'is too short'),
  maxLength: (limit, value, at) =>
    fail(typeof value === 'string' && value.length > number(limit), at, 'is too long'),
  pattern: (pattern, value, at) =>
    fail(
      typeof value === 'string' && !new RegExp(String(pattern), 'u').test(value),
      at,
      'has the wrong form',
    ),
  minItems: (limit, value, at) =>
    fail(Array.isArray(value) && value.length < number(limit), at, 'has too few items'),
  maxItems: (limit, value, at) =>
    fail(Array.isArray(value) && value.length > number(limit), at, 'has too many items'),
  description: () => [],
};

/** Faults, each with the place it is at; none when the value conforms. */
export function validate(schema: unknown, value: unknown, at: string, resolve: Resolve): readonly string[] {
  if (!isObject(schema)) throw new Error(`Not a schema: ${JSON.stringify(schema)}`);
  return Object.entries(schema).flatMap(([keyword, wanted]) => {
    const check = checks[keyword];
    if (check === undefined) throw new Error(`Unknown schema keyword ${keyword} at ${at}`);
    return check(wanted, value, at, schema, resolve);
  });
}
