import SCIMMY from 'scimmy';
import type { Answer } from '../protocol/answer.ts';
import { ScimRefusal } from '../protocol/scim-refusal.ts';
import { answerRefusal } from '../scim-error.ts';
import { groupEndpoint } from './group-endpoint.ts';
import { answerList } from './list-response.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import type { ScimExchange } from './scim-exchange.ts';
import { userEndpoint } from './user-endpoint.ts';

/**
 * One call of a resource type through scimmy-routers, handed along as its context. The answer is left here instead of
 * being returned: what the routers make of results and errors loses headers, turns errors into 404 and closes sockets.
 */
export class ResourceCall {
  readonly exchange: ScimExchange;
  readonly #answerError: (error: unknown) => Answer;
  #answer: Answer | null = null;

  constructor(exchange: ScimExchange, answerError: (error: unknown) => Answer) {
    this.exchange = exchange;
    this.#answerError = answerError;
  }

  /** Nothing at this address, when no resource was called. */
  get outcome(): Answer {
    return this.#answer ?? answerRefusal(new ScimRefusal(404, 'There is nothing at this address'));
  }

  /** Never rejects. */
  async settle(work: (exchange: ScimExchange) => Promise<Answer>): Promise<void> {
    try {
      this.#answer = await work(this.exchange);
    } catch (error) {
      this.#answer = this.#answerError(error);
    }
  }
}

function callOf(context: unknown): ResourceCall {
  if (context instanceof ResourceCall) return context;
  throw new TypeError('A resource was called without the call it belongs to');
}

/**
 * The contract of a scimmy resource type over one of our endpoints. The library's constructor is given nothing, so no
 * text of a client reaches its filter parser, and its base path, which all requests of the process share, is ignored.
 */
abstract class MirrorResource extends SCIMMY.Types.Resource {
  static override basepath = (): string => '';

  abstract readonly of: ResourceEndpoint;

  /** Takes an id, or the query of a collection, which the exchange holds already. */
  constructor(id?: unknown) {
    super();
    if (typeof id === 'string') this.id = id;
  }

  override async read(context?: unknown): Promise<void> {
    const { id } = this;
    await callOf(context).settle(async (exchange) => {
      if (id !== undefined) return this.of.read(exchange, id);
      const request = exchange.listRequest;
      return answerList(request.page, await this.of.query(exchange, request));
    });
  }

  override async write(body: unknown, context?: unknown): Promise<void> {
    const { id } = this;
    await callOf(context).settle(async (exchange) =>
      id === undefined ? this.of.create(exchange, body) : this.of.replace(exchange, id, body),
    );
  }

  override async patch(body: unknown, context?: unknown): Promise<void> {
    await callOf(context).settle(async (exchange) => this.of.patch(exchange, this.id ?? '', body));
  }

  override async dispose(context?: unknown): Promise<void> {
    await callOf(context).settle(async (exchange) => this.of.remove(exchange, this.id ?? ''));
  }
}

export class UserResource extends MirrorResource {
  static override readonly endpoint = '/Users';
  static override readonly schema = SCIMMY.Schemas.User;
  override readonly of = userEndpoint;
}

export class GroupResource extends MirrorResource {
  static override readonly endpoint = '/Groups';
  static override readonly schema = SCIMMY.Schemas.Group;
  override readonly of = groupEndpoint;
}

// Declarations belong to the process, so they carry no state: everything a call needs is in its context.
SCIMMY.Resources.declare(UserResource, 'User');
SCIMMY.Resources.declare(GroupResource, 'Group');
