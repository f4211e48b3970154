/** How an answer travels, when not simply written. */
export type Transmission =
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  /** The connection breaks after this share of the body, which was announced in full. */
  | { readonly kind: 'truncate'; readonly share: number }
  /** The body comes in small pieces. */
  | { readonly kind: 'drip'; readonly overMs: number };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly delayMs?: number;
  readonly transmission?: Transmission;
}

export type Service = 'login' | 'graph' | 'stranger';

export interface IncomingCall {
  readonly service: Service;
  readonly method: string;
  readonly path: string;
  /** Raw, without the question mark. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The name the client believes it is talking to. */
  readonly host: string;
  /** Scheme and authority of that name, for links in answers. */
  readonly origin: string;
}

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, body: '' };
}

export function htmlAnswer(status: number, html: string): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: html };
}

export function redirectAnswer(location: string): Answer {
  return { status: 302, headers: { location, 'cache-control': 'no-store' }, body: '' };
}
