import {
  type Content,
  type Method,
  methods,
  type OpenApiDocument,
  type OperationObject,
  type Parameter,
  type PathItem,
  type Reference,
  type ResponseObject,
} from '../openapi-document.ts';
import { html, type Markup, markdown } from './html.ts';
import { renderFields, renderNotes, resolve, sampleOf, schemaName, typeOf } from './schemas.ts';

/** One operation with where it is. */
export interface Listed {
  readonly method: Method;
  readonly path: string;
  readonly item: PathItem;
  readonly operation: OperationObject;
}

export function listOperations(document: OpenApiDocument): readonly Listed[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ method, path, item, operation }];
    }),
  );
}

const fullPathOf = ({ item, path }: Listed, basePath: string): string =>
  item.servers === undefined ? basePath + path : path;

const asJson = (value: unknown): string => JSON.stringify(value, null, 2);

const code = (text: string): Markup => html`<pre><code>${text}</code></pre>`;

function renderParameters({ item, operation }: Listed, document: OpenApiDocument): Markup | null {
  const { parameters: components, schemas } = document.components;
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((parameter) =>
    resolve<Parameter>(parameter, components),
  );
  if (parameters.length === 0) return null;
  const rows = parameters.map((parameter) => {
    const schema = resolve(parameter.schema, schemas);
    return html`<tr><td><code>${parameter.name}</code>${
      parameter.required === true ? html` <b class="required">required</b>` : null
    }</td><td>${parameter.in}, ${typeOf(schema, document)}</td><td>${renderNotes(schema, parameter.description)}</td></tr>`;
  });
  return html`<h4>Parameters</h4><div class="scroll"><table><thead><tr><th>Name</th><th>Where, type</th><th>Notes</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function examplesOf(
  { example, examples, schema }: Content[string],
  document: OpenApiDocument,
): readonly unknown[] {
  if (examples !== undefined) return Object.values(examples).map(({ value }) => value);
  return [example ?? sampleOf(schema, document)];
}

function firstContent(content: Content): Content[string] | undefined {
  return content['application/json'] ?? Object.values(content)[0];
}

function renderBody({ operation }: Listed, document: OpenApiDocument): Markup | null {
  const media = operation.requestBody === undefined ? undefined : firstContent(operation.requestBody.content);
  if (media === undefined) return null;
  return html`<h4>Body</h4>${renderFields(media.schema, document, { marksRequired: true })}`;
}

const quoteForShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A command to copy for each example of the body. */
function renderRequests(listed: Listed, document: OpenApiDocument, baseUrl: string): Markup {
  const { method, operation } = listed;
  const isOpen = operation.security?.length === 0;
  const isForOperator = operation.security?.some((scheme) => 'operatorKey' in scheme) === true;
  const key = isForOperator ? '$OPERATOR_KEY' : '$ADMIN_KEY';
  const media = operation.requestBody === undefined ? undefined : firstContent(operation.requestBody.content);
  const address = baseUrl + fullPathOf(listed, document.servers[0]?.url ?? '');
  const head = [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${quoteForShell(address)}`,
    ...(isOpen ? [] : [`-H "Authorization: Bearer ${key}"`]),
  ];
  const bodies: readonly unknown[] = media === undefined ? [undefined] : examplesOf(media, document);
  const commands = bodies.map((body) => {
    const sent =
      body === undefined ? [] : [`-H 'Content-Type: application/json'`, `-d ${quoteForShell(asJson(body))}`];
    return code([...head, ...sent].join(' \\\n  '));
  });
  return html`<h4>Example</h4>${commands}`;
}

function renderResponse(
  status: string,
  response: ResponseObject | Reference,
  document: OpenApiDocument,
): Markup {
  const { description, content = {} } = resolve<ResponseObject>(response, document.components.responses);
  const media = firstContent(content);
  const label = status === 'default' ? 'other' : status;
  if (media === undefined || status === 'default') {
    return html`<li><span class="status">${label}</span> ${description}</li>`;
  }
  const isProblem = schemaName(media.schema) === 'Problem';
  const fields = isProblem ? null : renderFields(media.schema, document, { marksRequired: false });
  return html`<li><details><summary><span class="status s${status.slice(0, 1)}">${label}</span> ${description}</summary>${fields}${examplesOf(media, document).map((example) => code(asJson(example)))}</details></li>`;
}

export function renderOperation(listed: Listed, document: OpenApiDocument, baseUrl: string): Markup {
  const { method, operation } = listed;
  const responses = Object.entries(operation.responses).map(([status, response]) =>
    renderResponse(status, response, document),
  );
  const path = fullPathOf(listed, document.servers[0]?.url ?? '');
  return html`<article id="${operation.operationId}" data-find="${`${operation.summary} ${path} ${method}`.toLowerCase()}">
<h3>${operation.summary}</h3>
<p class="address"><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></p>
${operation.description === undefined ? null : markdown(operation.description)}
${renderParameters(listed, document)}${renderBody(listed, document)}${renderRequests(listed, document, baseUrl)}
<h4>Answers</h4><ul class="answers">${responses}</ul>
</article>`;
}
