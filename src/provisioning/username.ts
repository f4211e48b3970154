import { localPart } from './directory-identity.ts';

const numberedForms = 20;

/**
 * Usernames to try, best first: the local part, then `local.<first domain label>`, then numbered. The last one
 * carries the start of the directory user's id, so that there always is a free one and every replica picks the same.
 */
export function usernameCandidates(loginName: string, directoryUserId: string): readonly string[] {
  const local = localPart(loginName);
  const label = domainLabel(loginName);
  const base = label === null ? local : `${local}.${label}`;
  const numbered = Array.from({ length: numberedForms - 1 }, (_, index) => `${base}${index + 2}`);
  return [
    ...new Set([local, base, ...numbered, `${base}.${directoryUserId.replaceAll('-', '').slice(-12)}`]),
  ];
}

function domainLabel(loginName: string): string | null {
  const at = loginName.indexOf('@');
  if (at <= 0) return null;
  const label = loginName.slice(at + 1).split('.')[0];
  return label === undefined || label === '' ? null : label;
}
