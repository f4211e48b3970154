/** Values of one statement in the order of their placeholders. Everything a client sent goes through here. */
export class Parameters {
  readonly values: unknown[];

  constructor(values: readonly unknown[] = []) {
    this.values = [...values];
  }

  /** Binds a value and answers its placeholder with the type it is to be read as. */
  bind(value: unknown, type: 'text' | 'uuid' | 'boolean' | 'numeric' | 'timestamptz' | 'bigint'): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}
