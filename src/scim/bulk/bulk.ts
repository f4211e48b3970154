import { Answer } from '../protocol/answer.ts';
import type { AnswerObject } from '../protocol/answer-value.ts';
import { BULK_RESPONSE_URN } from '../protocol/message-urns.ts';
import { BulkExecutor, type BulkServices, type BulkTask, bulkTasks } from './bulk-executor.ts';
import { readBulkRequest } from './bulk-request.ts';

/** RFC 7644 §3.7.3: the location is there whenever there is one, the error body whenever there is an error. */
function representTask({ operation, location, answer }: BulkTask): AnswerObject {
  const { method, bulkId } = operation;
  const isError = answer !== null && answer.status >= 400;
  return {
    ...(location === null ? {} : { location }),
    method,
    ...(bulkId === null ? {} : { bulkId }),
    ...(answer?.version ? { version: answer.version } : {}),
    status: String(answer?.status),
    ...(isError && typeof answer.body === 'object' && answer.body !== null ? { response: answer.body } : {}),
  };
}

/** RFC 7644 §3.7. There is no transaction around the whole: what succeeded stays, as the answer says one by one. */
export async function answerBulk(services: BulkServices, body: unknown): Promise<Answer> {
  const { operations, failOnErrors } = readBulkRequest(body);
  const executor = new BulkExecutor(
    services,
    await bulkTasks(operations),
    failOnErrors ?? Number.POSITIVE_INFINITY,
  );
  const tasks = await executor.run();
  return new Answer(200, { body: { schemas: [BULK_RESPONSE_URN], Operations: tasks.map(representTask) } });
}
