import type { GroupChange, GroupView } from '../../operations/resources/scim-operations.ts';
import { replaceLocations } from '../filter/replace-locations.ts';
import { readGroupPatch } from '../patch/read-group-patch.ts';
import { Answer } from '../protocol/answer.ts';
import { LIMITS } from '../protocol/limits.ts';
import { namesVersion, versionTag } from '../protocol/version-tag.ts';
import { readGroup, replaceGroup } from '../read-group.ts';
import { toResourceQuery } from './list-request.ts';
import { locationOfGroup, representGroup } from './represent-group.ts';
import { knownId, type ResourceEndpoint } from './resource-endpoint.ts';
import type { ScimExchange } from './scim-exchange.ts';

function withMembers(exchange: ScimExchange): boolean {
  return exchange.projection.shows('members');
}

function isSmall({ group }: GroupView): boolean {
  return group.memberCount <= LIMITS.inlineMembers;
}

function represent({ context, projection }: ScimExchange, view: GroupView) {
  return projection.apply(representGroup(view, context.scimBaseUrl));
}

function answerGroup(exchange: ScimExchange, status: 200 | 201, view: GroupView): Answer {
  return new Answer(status, {
    body: represent(exchange, view),
    location: locationOfGroup(exchange.context.scimBaseUrl, view.group.id),
    version: versionTag(view.group.version),
  });
}

/**
 * A write answers with the members only where they are few or were asked for by name: a client that moves one member of
 * a very large group does not want to read all of them back.
 */
async function answerWrittenGroup(
  exchange: ScimExchange,
  status: 200 | 201,
  view: GroupView,
): Promise<Answer> {
  const wanted = withMembers(exchange) && (isSmall(view) || exchange.projection.names('members'));
  if (!wanted) return answerGroup(exchange, status, { ...view, members: null });
  if (view.members !== null) return answerGroup(exchange, status, view);
  if (view.group.memberCount === 0) return answerGroup(exchange, status, { ...view, members: [] });
  const { context, operations } = exchange;
  return answerGroup(exchange, status, await operations.readGroup(context, view.group.id, true));
}

function change(exchange: ScimExchange, id: string, groupChange: GroupChange): Promise<GroupView> {
  const { context, operations, ifMatch } = exchange;
  return operations.changeGroup(context, knownId('Group', id), groupChange, { ifMatch });
}

/** Entra wants 204 and never reads the members back; other clients expect the resource, while that is affordable. */
function isAnsweredWithBody({ context, projection }: ScimExchange, view: GroupView): boolean {
  return projection.isExplicit || (context.connectionKind !== 'entra' && isSmall(view));
}

export const groupEndpoint: ResourceEndpoint = {
  kind: 'Group',

  async query(exchange, request) {
    const { context, operations } = exchange;
    const query = toResourceQuery(request, 'Group', exchange, withMembers(exchange));
    const { total, items, nextCursor } = await operations.listGroups(context, query);
    return { total, resources: items.map((view) => represent(exchange, view)), nextCursor };
  },

  async create(exchange, body) {
    const { context, operations, catalogue } = exchange;
    const { content, memberIds } = await readGroup(body, catalogue);
    return answerWrittenGroup(exchange, 201, await operations.createGroup(context, content, memberIds ?? []));
  },

  async read(exchange, id) {
    const { context, operations, ifNoneMatch } = exchange;
    const view = await operations.readGroup(context, knownId('Group', id), withMembers(exchange));
    const { version } = view.group;
    if (namesVersion(ifNoneMatch, version)) {
      const location = locationOfGroup(context.scimBaseUrl, view.group.id);
      return new Answer(304, { location, version: versionTag(version) });
    }
    return answerGroup(exchange, 200, view);
  },

  /** RFC 7644 §3.5.1 leaves open what a PUT without `members` means; it keeps them, an empty list empties the group. */
  async replace(exchange, id, body) {
    const { catalogue } = exchange;
    const { content, memberIds } = await readGroup(body, catalogue);
    const view = await change(exchange, id, {
      content: (current) => replaceGroup(content, current, catalogue),
      memberSteps: memberIds === null ? [] : [{ kind: 'replace', ids: memberIds }],
    });
    return answerWrittenGroup(exchange, 200, view);
  },

  async patch(exchange, id, body) {
    const { context, catalogue } = exchange;
    const { content, memberSteps } = await readGroupPatch(body, catalogue);
    const view = await change(exchange, id, {
      content,
      memberSteps: memberSteps.map((step) =>
        step.kind === 'removeWhere'
          ? { ...step, where: replaceLocations(step.where, 'Group', context.scimBaseUrl) }
          : step,
      ),
    });
    if (isAnsweredWithBody(exchange, view)) return answerWrittenGroup(exchange, 200, view);
    return new Answer(204, {
      location: locationOfGroup(exchange.context.scimBaseUrl, view.group.id),
      version: versionTag(view.group.version),
    });
  },

  async remove({ context, operations, ifMatch }, id) {
    await operations.deleteGroup(context, knownId('Group', id), { ifMatch });
    return new Answer(204);
  },
};
