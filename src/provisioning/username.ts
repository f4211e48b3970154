import { localPart } from './directory-identity.ts';

const lastNumber = 20;

/**
 * Usernames to try, best first: the local part, then `local.<first domain label>`, then numbered. The last one
 * carries the end of the directory user's id, so that there always is a free one and every replica picks the same.
 */
export function* usernameCandidates(loginName: string, directoryUserId: string): Generator<string> {
  const { plain, stem, own } = usernameForms(loginName, directoryUserId);
  yield plain;
  if (stem !== plain) yield stem;
  for (let number = 2; number <= lastNumber; number += 1) yield `${stem}${number}`;
  yield own;
}

/** The candidates in short: three of them, and the stem that all others are numbers behind. */
export function usernameForms(loginName: string, directoryUserId: string) {
  const plain = localPart(loginName);
  const label = domainLabel(loginName);
  const stem = label === null ? plain : `${plain}.${label}`;
  return { plain, stem, own: `${stem}.${directoryUserId.replaceAll('-', '').slice(-12)}` };
}

function domainLabel(loginName: string): string | null {
  const at = loginName.indexOf('@');
  if (at <= 0) return null;
  const label = loginName.slice(at + 1).split('.')[0];
  return label === undefined || label === '' ? null : label;
}
