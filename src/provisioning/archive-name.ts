const lastForm = 20;

/** The first form of an archived username or email that nobody holds (REQ-31, A-14); null when all are taken. */
export function archivedForm(value: string, holderOf: (form: string) => string | null): string | null {
  for (let number = 1; number <= lastForm; number += 1) {
    const form = number === 1 ? `${value}_Archived` : `${value}_Archived_${number}`;
    if (holderOf(form) === null) return form;
  }
  return null;
}

/** What the value was before it was archived; the value itself when it carries no suffix. */
export const withoutArchiveSuffix = (value: string): string => value.replace(/_Archived(?:_\d+)?$/i, '');
