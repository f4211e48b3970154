import type { Cloud } from '../operations/connections/connection-ports.ts';
import { GraphError } from '../operations/tenants/graph-ports.ts';
import { allowedUrl, authorityHosts, type CloudTable } from './cloud-endpoints.ts';
import { type Fetch, fetchOnce, type RawAnswer, TransportError } from './fetch-once.ts';
import { unavailable } from './msal-network.ts';
import { readFields, readOptionalText, readText, unexpected } from './read-json.ts';
import { isPassingStatus, readRetryAfter, retryDelay } from './retry.ts';
import type { Timing } from './timing.ts';

export interface OpenIdParts {
  readonly fetch: Fetch;
  readonly clouds: CloudTable;
  readonly timing: Timing;
}

export type OpenIdMetadata =
  | {
      readonly kind: 'found';
      readonly issuer: string;
      /** Tells in which cloud the tenant lives, where the metadata say so. */
      readonly cloudInstance: string | null;
    }
  | { readonly kind: 'notFound' };

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024;
const ATTEMPTS = 3;
/** Somebody is waiting, so a long pause is not waited for. */
const MAX_WAIT_MS = 5_000;

/** What the identity platform publishes of a tenant; asked without any credential. */
export async function readOpenIdMetadata(
  parts: OpenIdParts,
  cloud: Cloud,
  tenant: string,
  signal: AbortSignal,
): Promise<OpenIdMetadata> {
  const { fetch, clouds, timing } = parts;
  const endpoints = clouds[cloud];
  const address = `${endpoints.authority}/${encodeURIComponent(tenant)}/v2.0/.well-known/openid-configuration`;
  const url = allowedUrl(address, authorityHosts(endpoints));
  for (let attempt = 0; ; attempt++) {
    const answer = await fetchOnce(fetch, {
      url,
      method: 'GET',
      headers: { accept: 'application/json' },
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    }).catch((error: unknown) => {
      if (error instanceof TransportError) return error;
      throw error;
    });
    const read = readAnswer(answer, timing.now());
    if (!(read instanceof GraphError)) return read;
    const retryAfterMs = read.retryAfterSeconds === null ? null : read.retryAfterSeconds * 1000;
    const delay = retryDelay(attempt, retryAfterMs, timing.random);
    if (attempt + 1 >= ATTEMPTS || delay > MAX_WAIT_MS) throw read;
    await timing.sleep(delay, signal);
  }
}

/** A `GraphError` is returned, not thrown, when another try may help. */
function readAnswer(answer: RawAnswer | TransportError, now: number): OpenIdMetadata | GraphError {
  if (answer instanceof TransportError) return unavailable(null, answer);
  const { status, headers, text } = answer;
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
  if (isPassingStatus(status)) return unavailable(retryAfterMs, null);
  // AADSTS90002 and AADSTS900023: no such tenant, no such name.
  if (status === 400 || status === 404) return { kind: 'notFound' };
  if (status !== 200) throw unexpected(`status ${status} from the OpenID metadata`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return unavailable(retryAfterMs, error);
  }
  const metadata = readFields(body, 'the OpenID metadata');
  return {
    kind: 'found',
    issuer: readText(metadata, 'issuer'),
    cloudInstance: readOptionalText(metadata, 'cloud_instance_name'),
  };
}
