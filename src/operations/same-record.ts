/** Whether two plain records hold the same, field by field and without regard to the order of the fields. */
export function isSameRecord(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const left = new Map(Object.entries(one));
  const right = Object.entries(other);
  return left.size === right.length && right.every(([name, value]) => isSameRecord(left.get(name), value));
}
