import type { VersionPrecondition } from '../../operations/resources/scim-operations.ts';

/** The weak entity tag of a version, the same text as `meta.version`. RFC 7644 §3.14. */
export function versionTag(version: number): string {
  return `W/"${version}"`;
}

const TAG = /(?:W\/)?"(?<version>[^"]*)"/g;
const OUR_VERSION = /^[1-9]\d{0,14}$/;

/**
 * `If-Match` or `If-None-Match`. Strong and weak tags are taken alike, because SCIM knows only weak ones; a tag that we
 * never gave out names no version, so it can never match.
 */
export function readVersionTags(header: string | undefined): VersionPrecondition {
  if (header === undefined || header.trim() === '') return null;
  if (header.trim() === '*') return 'any';
  const versions = [...header.matchAll(TAG)].map((match) => match.groups?.version ?? '');
  return versions.filter((version) => OUR_VERSION.test(version)).map(Number);
}

export function namesVersion(tags: VersionPrecondition, version: number): boolean {
  return tags !== null && (tags === 'any' || tags.includes(version));
}
