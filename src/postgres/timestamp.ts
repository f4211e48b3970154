const utcText = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?\+00(?::00)?$/;

/**
 * A timestamptz as PostgreSQL writes it in a UTC session, bare or inside JSON, as RFC 3339 with milliseconds. Not by way
 * of Date: rows are many and the text is almost right already.
 */
export function readTimestamp(text: string): string {
  const parts = utcText.exec(text);
  if (parts === null) return new Date(text).toISOString();
  return `${parts[1]}T${parts[2]}.${(parts[3] ?? '').slice(0, 3).padEnd(3, '0')}Z`;
}

export const readOptionalTimestamp = (text: string | null): string | null =>
  text === null ? null : readTimestamp(text);
