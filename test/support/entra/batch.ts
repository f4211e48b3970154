import { type Answer, type IncomingCall, jsonAnswer } from './answer.ts';
import { readObject } from './graph-call.ts';
import { badRequest, GraphError } from './graph-error.ts';
import { seededRandom, shuffled } from './seeded-random.ts';
import type { TenantDirectory } from './tenant-directory.ts';

const MAX_REQUESTS = 20;

interface InnerRequest {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly dependsOn: readonly string[];
}

interface InnerResponse {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Up to twenty requests in one: each is answered, counted and throttled by itself. */
export async function answerBatch(
  call: IncomingCall,
  { settings }: TenantDirectory,
  answerOne: (inner: IncomingCall) => Promise<Answer>,
): Promise<Answer> {
  const responses = new Map<string, InnerResponse>();
  let delayMs = 0;
  for (const request of inOrder(readRequests(call.body))) {
    if (request.dependsOn.some((id) => (responses.get(id)?.status ?? 0) >= 400)) {
      responses.set(request.id, failedDependency(request.id));
      continue;
    }
    const answer = await answerOne(innerCall(call, request));
    delayMs = Math.max(delayMs, answer.delayMs ?? 0);
    responses.set(request.id, represent(request.id, answer));
  }
  const list = [...responses.values()];
  const { shuffleBatch } = settings;
  const ordered = shuffleBatch === null ? list : shuffled(list, seededRandom(shuffleBatch));
  return { ...jsonAnswer(200, { responses: ordered }), delayMs };
}

/** One malformed request makes the whole batch malformed. */
function readRequests(text: string): readonly InnerRequest[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw malformed('The body is not valid JSON.');
  }
  const { requests } = readObject(body);
  if (!Array.isArray(requests) || requests.length === 0) throw malformed("'requests' is missing.");
  if (requests.length > MAX_REQUESTS) throw malformed(`A batch has at most ${MAX_REQUESTS} requests.`);
  const read = requests.map(readRequest);
  const ids = new Set(read.map(({ id }) => id.toLowerCase()));
  if (ids.size < read.length) throw malformed('The ids of a batch have to be unique.');
  const stray = read.flatMap(({ dependsOn }) => dependsOn).find((id) => !ids.has(id.toLowerCase()));
  if (stray !== undefined) throw malformed(`Nothing in the batch has the id '${stray}'.`);
  return read;
}

function malformed(message: string): GraphError {
  return new GraphError(400, 'BadRequest', message);
}

function readRequest(item: unknown): InnerRequest {
  const { id, method, url, headers = {}, body, dependsOn = [] } = readObject(item);
  if (typeof id !== 'string' || typeof method !== 'string' || typeof url !== 'string') {
    throw malformed("Every request of a batch needs 'id', 'method' and 'url'.");
  }
  const lowered = Object.entries(readObject(headers)).map(([name, value]) => [
    name.toLowerCase(),
    String(value),
  ]);
  const known: Readonly<Record<string, string>> = Object.fromEntries(lowered);
  if (body !== undefined && known['content-type'] === undefined) {
    throw malformed(`The request '${id}' has a body and no Content-Type.`);
  }
  if (!Array.isArray(dependsOn)) throw badRequest("'dependsOn' has to be a list.");
  return { id, method: method.toUpperCase(), url, headers: known, body, dependsOn: dependsOn.map(String) };
}

/** Whatever a request depends on comes before it. */
function inOrder(requests: readonly InnerRequest[]): readonly InnerRequest[] {
  const ordered: InnerRequest[] = [];
  const done = new Set<string>();
  while (ordered.length < requests.length) {
    const ready = requests.filter(
      ({ id, dependsOn }) => !done.has(id) && dependsOn.every((other) => done.has(other)),
    );
    if (ready.length === 0) throw malformed('The requests of the batch depend on each other.');
    for (const request of ready) {
      ordered.push(request);
      done.add(request.id);
    }
  }
  return ordered;
}

function innerCall(call: IncomingCall, { method, url, headers, body }: InnerRequest): IncomingCall {
  const [path = '', ...query] = url.split('?');
  const version = call.path.slice(0, call.path.lastIndexOf('/'));
  return {
    ...call,
    method,
    path: `${version}/${path.replace(/^\//, '')}`,
    query: query.join('?'),
    headers: { authorization: call.headers['authorization'] ?? '', ...headers },
    body: body === undefined ? '' : JSON.stringify(body),
  };
}

function represent(id: string, { status, headers, body }: Answer): InnerResponse {
  // A connection cannot break inside a batch; what Graph itself did not get is a gateway error.
  if (status === 0) {
    return {
      id,
      status: 504,
      headers: {},
      body: { error: { code: 'GatewayTimeout', message: 'No answer.' } },
    };
  }
  const shown = Object.fromEntries(Object.entries(headers).map(([name, value]) => [titleCase(name), value]));
  const isJson = headers['content-type']?.includes('json') ?? false;
  return { id, status, headers: shown, body: isJson ? parsed(body) : body };
}

function parsed(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    return body;
  }
}

function titleCase(name: string): string {
  return name.startsWith('x-') ? name : name.replaceAll(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
}

function failedDependency(id: string): InnerResponse {
  const error = { code: 'FailedDependency', message: 'A request that this one depends on has failed.' };
  return { id, status: 424, headers: { 'Content-Type': 'application/json' }, body: { error } };
}
