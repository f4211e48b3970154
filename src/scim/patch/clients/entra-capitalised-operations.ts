export type OperationName = 'add' | 'remove' | 'replace';

const names: ReadonlySet<string> = new Set(['add', 'remove', 'replace']);

/**
 * Entra without the `aadOptscim062020` flag writes operation names with a capital.
 * Before: `"op": "Replace"`. After: `replace`. Null for anything that is no operation.
 */
export function readOperationName(op: unknown): OperationName | null {
  const name = typeof op === 'string' ? op.toLowerCase() : '';
  return isOperationName(name) ? name : null;
}

function isOperationName(name: string): name is OperationName {
  return names.has(name);
}
