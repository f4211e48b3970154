const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether the text can be an id of ours. Anything else would fail the cast in SQL, and names nothing. */
export const isUuid = (text: string): boolean => uuid.test(text);

/** Whether the text is an id exactly as we write it: ids compare with case, and ours are in lower case. */
export const isOwnId = (text: string): boolean => isUuid(text) && text === text.toLowerCase();

/** The id that a client's text names, null when it names none; only attributes that ignore case take upper case too. */
export function namedId(text: string, caseExact: boolean): string | null {
  const id = caseExact ? text : text.toLowerCase();
  return isOwnId(id) ? id : null;
}

/** The lowest id that can have been made at this moment: ids begin with the time (RFC 9562 §5.7). */
export function lowestIdAt(milliseconds: number): string {
  const time = Math.max(0, milliseconds).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
