import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { requestIdOf } from './request-id.ts';

export type Readiness = {
  readonly ready: boolean;
  /** Shown to anyone who asks: no host names, no credentials. */
  readonly detail: string;
};

export type HealthOptions = {
  readonly isReady: () => Promise<Readiness>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** How long a readiness check may take before it counts as failed. */
  readonly checkTimeoutMs?: number;
};

function withinTime(check: Promise<Readiness>, milliseconds: number): Promise<Readiness> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => resolve({ ready: false, detail: 'The readiness check did not finish in time' }),
      milliseconds,
    );
    check.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function refuseOtherMethods(_request: Request, response: Response): void {
  response.set('Allow', 'GET, HEAD').status(405).json({ status: 405, title: 'Method Not Allowed' });
}

/** `/healthz`: the process answers. `/readyz`: it can serve. `/metrics`: Prometheus text. */
export function makeHealthRouter({ isReady, metrics, logger, checkTimeoutMs = 5000 }: HealthOptions): Router {
  const showHealth: RequestHandler = (_request, response) => {
    response.json({ status: 'ok' });
  };

  const showReadiness: RequestHandler = async (request, response) => {
    let readiness: Readiness;
    try {
      readiness = await withinTime(isReady(), checkTimeoutMs);
    } catch (err) {
      logger.warn({ err, requestId: requestIdOf(request) }, 'Readiness check failed');
      readiness = { ready: false, detail: 'The readiness check failed' };
    }
    const { ready, detail } = readiness;
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'unavailable', detail });
  };

  const showMetrics: RequestHandler = async (_request, response) => {
    response.set('Content-Type', metrics.contentType).send(await metrics.render());
  };

  const router = Router();
  for (const [path, show] of [
    ['/healthz', showHealth],
    ['/readyz', showReadiness],
    ['/metrics', showMetrics],
  ] as const) {
    router.use(path, (_request, response, next) => {
      response.set('Cache-Control', 'no-store');
      next();
    });
    router.route(path).get(show).all(refuseOtherMethods);
  }
  return router;
}
