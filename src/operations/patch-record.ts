type Fields = { [name: string]: unknown };

export type DeepPartial<Value> = {
  readonly [Name in keyof Value]?: Value[Name] extends readonly unknown[]
    ? Value[Name]
    : Value[Name] extends object
      ? DeepPartial<Value[Name]>
      : Value[Name];
};

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * RFC 7396 on a record whose fields are all there: absent stays, `null` clears, objects are merged, arrays and values
 * are replaced. What a patch may hold, and what may be null, is validated before.
 */
export function patchRecord<Value extends object>(record: Value, patch: DeepPartial<Value>): Value {
  const result: Fields = Object.fromEntries(Object.entries(record));
  for (const [name, value] of Object.entries(patch)) {
    const current = result[name];
    result[name] = isObject(current) && isObject(value) ? patchRecord(current, value) : value;
  }
  // Every field is the record's own or has the type that `DeepPartial` takes from it.
  return result as Value;
}
