import { StoredJson } from '../../directory/stored-json.ts';
import type { UserChange, UserView } from '../../operations/resources/scim-operations.ts';
import { readUserPatch } from '../patch/read-user-patch.ts';
import { Answer } from '../protocol/answer.ts';
import type { AnswerObject } from '../protocol/answer-value.ts';
import { JsonText } from '../protocol/json-text.ts';
import { namesVersion, versionTag } from '../protocol/version-tag.ts';
import { readUser } from '../read-user.ts';
import { toResourceQuery } from './list-request.ts';
import { locationOfUser, representUser } from './represent-user.ts';
import { knownId, type ResourceEndpoint } from './resource-endpoint.ts';
import type { ScimExchange } from './scim-exchange.ts';
import { canWriteUsers, writeUser } from './write-user.ts';

function withGroups(exchange: ScimExchange): boolean {
  return exchange.projection.shows('groups');
}

function represent(exchange: ScimExchange, view: UserView): AnswerObject | JsonText {
  const { context, projection, catalogue } = exchange;
  const { attributes } = view.user;
  const isWhole = projection.isEverythingBut('groups') && canWriteUsers(catalogue);
  const shown = withGroups(exchange) ? view : { ...view, groups: null };
  const isStored = attributes instanceof StoredJson;
  const written = isWhole && isStored ? writeUser(shown, attributes, context.scimBaseUrl) : null;
  return written ?? projection.apply(representUser(view, context.scimBaseUrl));
}

function answerUser(exchange: ScimExchange, status: 200 | 201, view: UserView): Answer {
  const body = represent(exchange, view);
  return new Answer(status, {
    body: body instanceof JsonText ? body.text : JSON.stringify(body),
    location: locationOfUser(exchange.context.scimBaseUrl, view.user.id),
    version: versionTag(view.user.version),
  });
}

async function change(
  exchange: ScimExchange,
  id: string,
  userChange: UserChange,
  isManagerRequired: boolean,
): Promise<Answer> {
  const { context, operations, ifMatch } = exchange;
  const options = { ifMatch, isManagerRequired };
  return answerUser(
    exchange,
    200,
    await operations.changeUser(context, knownId('User', id), userChange, options),
  );
}

export const userEndpoint: ResourceEndpoint = {
  kind: 'User',

  async query(exchange, request) {
    const { context, operations } = exchange;
    const query = toResourceQuery(request, 'User', exchange, withGroups(exchange));
    const { total, items, nextCursor } = await operations.listUsers(context, query);
    return { total, resources: items.map((view) => represent(exchange, view)), nextCursor };
  },

  async create(exchange, body) {
    const { context, operations, catalogue } = exchange;
    const content = readUser(body, catalogue, { kind: 'create' });
    return answerUser(exchange, 201, await operations.createUser(context, content));
  },

  async read(exchange, id) {
    const { context, operations, ifNoneMatch } = exchange;
    const view = await operations.readUser(context, knownId('User', id), withGroups(exchange));
    const { version } = view.user;
    if (namesVersion(ifNoneMatch, version)) {
      const location = locationOfUser(context.scimBaseUrl, view.user.id);
      return new Answer(304, { location, version: versionTag(version) });
    }
    return answerUser(exchange, 200, view);
  },

  async replace(exchange, id, body) {
    const { catalogue } = exchange;
    const whole: UserChange = (current) => readUser(body, catalogue, { kind: 'replace', current });
    return change(exchange, id, whole, false);
  },

  async patch(exchange, id, body) {
    return change(exchange, id, readUserPatch(body, exchange.catalogue), true);
  },

  async remove({ context, operations, ifMatch }, id) {
    await operations.deleteUser(context, knownId('User', id), { ifMatch });
    return new Answer(204);
  },
};
