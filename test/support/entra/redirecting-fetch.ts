import { serviceOfHost } from './clouds.ts';
import { PUBLIC_HOST_HEADER } from './http-listener.ts';

export interface EmulatorUrls {
  readonly loginUrl: string;
  readonly graphUrl: string;
  readonly strangerUrl: string;
}

/**
 * A `fetch` that takes requests for the public hosts of any cloud to the emulator, which answers as that host. Requests
 * for hosts that are none of Microsoft's end at the stranger, where they are on record; loopback ones go where they say.
 */
export function makeRedirectingFetch(urls: EmulatorUrls): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (isLoopback(url.hostname)) return await fetch(request);
    const service = serviceOfHost(url.host)?.service;
    const base =
      service === undefined ? urls.strangerUrl : service === 'login' ? urls.loginUrl : urls.graphUrl;
    const headers = new Headers(request.headers);
    headers.set(PUBLIC_HOST_HEADER, url.host);
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
    return await fetch(`${base}${url.pathname}${url.search}`, {
      method: request.method,
      headers,
      redirect: request.redirect,
      signal: request.signal,
      ...(hasBody ? { body: await request.text() } : {}),
    });
  };
}

function isLoopback(hostname: string): boolean {
  return hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]';
}

export interface NetworkOptions {
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface NetworkAnswer<Body> {
  readonly headers: Record<string, string>;
  readonly body: Body;
  readonly status: number;
}

/** What MSAL wants as `system.networkClient`; said here in its own words, without its types. */
export interface NetworkModule {
  readonly sendGetRequestAsync: <Body>(
    url: string,
    options?: NetworkOptions,
    timeout?: number,
  ) => Promise<NetworkAnswer<Body>>;
  readonly sendPostRequestAsync: <Body>(
    url: string,
    options?: NetworkOptions,
  ) => Promise<NetworkAnswer<Body>>;
}

export function makeNetworkModule(send: typeof fetch): NetworkModule {
  async function answerOf<Body>(url: string, init: RequestInit): Promise<NetworkAnswer<Body>> {
    const response = await send(url, init);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      // MSAL names the shape it expects and checks it itself.
      body: (await response.json()) as Body,
    };
  }
  return {
    sendGetRequestAsync: (url, options) => answerOf(url, { headers: options?.headers ?? {} }),
    sendPostRequestAsync: (url, options) =>
      answerOf(url, { method: 'POST', headers: options?.headers ?? {}, body: options?.body ?? '' }),
  };
}
