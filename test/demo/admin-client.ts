/** A small client of the administration API: throws with the server's own words when a call is refused. */
export interface AdminClient {
  readonly get: <Body>(path: string) => Promise<Body>;
  readonly post: <Body>(path: string, body: object) => Promise<Body>;
  readonly put: <Body>(path: string, body: object) => Promise<Body>;
  readonly patch: <Body>(path: string, body: object) => Promise<Body>;
  /** All items of a list, page by page. */
  readonly all: <Item>(path: string) => Promise<readonly Item[]>;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export function makeAdminClient(baseUrl: string, key: string): AdminClient {
  async function call<Body>(method: string, path: string, body?: object): Promise<Body> {
    const headers: Record<string, string> = { authorization: `Bearer ${key}` };
    if (body) headers['content-type'] = 'application/json';
    const response = await fetch(`${baseUrl}/api/v1${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    // The caller names the shape that the contract gives the answer.
    return (text === '' ? null : JSON.parse(text)) as Body;
  }

  async function all<Item>(path: string): Promise<readonly Item[]> {
    const items: Item[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page<Item> = await call('GET', `${path}${path.includes('?') ? '&' : '?'}limit=200${next}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }

  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    patch: (path, body) => call('PATCH', path, body),
    all,
  };
}
