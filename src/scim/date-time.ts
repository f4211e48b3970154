const PATTERN =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d{0,20})?)?(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * Reads an xsd:dateTime (RFC 7643 §2.3.5) and returns the same instant as RFC 3339 text in UTC with at most microseconds,
 * or null when it is none. Without an offset UTC is meant; OneLogin sends numeric offsets.
 */
export function normaliseDateTime(text: string): string | null {
  const parts = text.length > 60 ? null : PATTERN.exec(text);
  if (parts === null) return null;
  const [
    ,
    year = '',
    month = '',
    day = '',
    hour = '',
    minute = '',
    second = '00',
    fraction = '',
    zone = 'Z',
  ] = parts;
  const local = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date accepts 31 February and 24:00 and moves them on; a date that does not print itself was not a date.
  if (
    Number.isNaN(local.getTime()) ||
    !local.toISOString().startsWith(`${year}-${month}-${day}T${hour}:${minute}`)
  ) {
    return null;
  }
  const offset = offsetMinutes(zone);
  if (offset === null) return null;
  const printed = new Date(local.getTime() - offset * 60_000).toISOString();
  // Years outside 0001..9999 are printed with a sign or are no years in PostgreSQL.
  if (!/^\d{4}-/.test(printed) || printed.startsWith('0000')) return null;
  const digits = fraction.slice(0, 6).replace(/0+$/, '');
  return `${printed.slice(0, 19)}${digits === '' ? '' : `.${digits}`}Z`;
}

const XSD_DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?$/;

/** A value as it is kept and answered: as sent where it is an xsd:dateTime, else the same instant as one; null when it is none. */
export function readDateTime(text: string): string | null {
  const utc = normaliseDateTime(text);
  return utc !== null && XSD_DATE_TIME.test(text) ? text : utc;
}

function offsetMinutes(zone: string): number | null {
  if (zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 14 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
