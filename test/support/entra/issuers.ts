import { CLOUDS } from './clouds.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/**
 * `cloud`: tokens carry the issuer of the cloud, wherever the emulator listens. `self`: the issuer is built on the
 * address that the client used, as in a private cloud.
 */
export type IssuerStyle = 'cloud' | 'self';

export interface IssuerContext {
  readonly style: IssuerStyle;
  readonly origin: string;
}

export function issuerV1({ id, cloud }: TenantDirectory, { style, origin }: IssuerContext): string {
  return style === 'self' ? `${origin}/${id}/` : `${CLOUDS[cloud].issuerV1}/${id}/`;
}

export function issuerV2({ id, cloud }: TenantDirectory, { style, origin }: IssuerContext): string {
  return style === 'self' ? `${origin}/${id}/v2.0` : `https://${CLOUDS[cloud].login}/${id}/v2.0`;
}
