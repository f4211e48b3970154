const utcText = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?\+00(?::00)?$/;

/**
 * A timestamptz as PostgreSQL writes it in a UTC session, bare or inside JSON, as RFC 3339 with milliseconds. Not by way
 * of Date: rows are many and the text is almost right already.
 */
export function readTimestamp(text: string): string {
  // The usual form: `2026-03-01 09:00:00.123+00`, with fewer digits where they are zeros.
  if (
    text.length >= 22 &&
    text.length <= 26 &&
    text[10] === ' ' &&
    text[19] === '.' &&
    text.endsWith('+00')
  ) {
    return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).padEnd(3, '0')}Z`;
  }
  const parts = utcText.exec(text);
  if (parts === null) return new Date(text).toISOString();
  return `${parts[1]}T${parts[2]}.${(parts[3] ?? '').slice(0, 3).padEnd(3, '0')}Z`;
}

export const readOptionalTimestamp = (text: string | null): string | null =>
  text === null ? null : readTimestamp(text);
