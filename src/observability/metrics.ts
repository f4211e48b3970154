import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** What is known of a request once it is answered; `routeClass` must come from a bounded set. */
export type AnsweredRequest = {
  readonly routeClass: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
};

/** One decision about one person; both names come from the closed lists of provisioning events. */
export type CountedDecision = {
  readonly trigger: string;
  readonly action: string;
};

export type Metrics = {
  readonly contentType: string;
  /** The Prometheus text format. */
  render(): Promise<string>;
  observeRequest(request: AnsweredRequest): void;
  countDecision(decision: CountedDecision, times?: number): void;
};

/** Every application has its own registry, so that several can live in one process. */
export function makeMetrics(options: { readonly processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });

  const requests = new Histogram({
    name: 'rollcall_http_request_duration_seconds',
    help: 'Time from the request line to the end of the answer.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const decisions = new Counter({
    name: 'rollcall_provisioning_decisions_total',
    help: 'Decisions about people that were applied, by trigger and action.',
    labelNames: ['trigger', 'action'],
    registers: [registry],
  });

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    observeRequest({ routeClass, method, status, seconds }) {
      requests.observe({ route: routeClass, method, status: String(status) }, seconds);
    },
    countDecision({ trigger, action }, times = 1) {
      decisions.inc({ trigger, action }, times);
    },
  };
}
