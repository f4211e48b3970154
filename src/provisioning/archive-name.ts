/** Forms an archived username or email takes, in the order they are tried (REQ-31, A-14). */
export const archivedForms = (value: string): readonly string[] =>
  Array.from({ length: 20 }, (_, index) =>
    index === 0 ? `${value}_Archived` : `${value}_Archived_${index + 1}`,
  );

/** What the value was before it was archived; the value itself when it carries no suffix. */
export const withoutArchiveSuffix = (value: string): string => value.replace(/_Archived(?:_\d+)?$/i, '');
