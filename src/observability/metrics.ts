import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What is known of a request once it is answered; `routeClass` must come from a bounded set. */
export type AnsweredRequest = {
  readonly routeClass: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
};

/** How old the knowledge of a connected directory is. */
export type DirectoryAge = {
  readonly connectionId: string;
  readonly ageSeconds: number;
};

export type Metrics = {
  readonly contentType: string;
  /** The Prometheus text format. */
  render(): Promise<string>;
  observeRequest(request: AnsweredRequest): void;
  /** One try of a job; both names come from closed lists. */
  observeJob(name: string, outcome: string, seconds: number): void;
  /** Asked whenever the metrics are read; what cannot be told then is left out. */
  watchDirectoryAges(read: () => Promise<readonly DirectoryAge[]>): void;
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
  const jobs = new Histogram({
    name: 'rollcall_job_duration_seconds',
    help: 'Time of each try of a job, by its outcome; given-up follows the last failed try.',
    labelNames: ['job', 'outcome'],
    buckets: [0.01, 0.05, 0.25, 1, 5, 30, 120, 600],
    registers: [registry],
  });

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    observeRequest({ routeClass, method, status, seconds }) {
      requests.observe({ route: routeClass, method, status: String(status) }, seconds);
    },
    observeJob(name, outcome, seconds) {
      jobs.observe({ job: name, outcome }, seconds);
    },
    watchDirectoryAges: (read) => watchDirectoryAges(registry, read),
  };
}

function watchDirectoryAges(registry: Registry, read: () => Promise<readonly DirectoryAge[]>): void {
  new Gauge({
    name: 'rollcall_graph_age_seconds',
    help: 'Time since Microsoft Graph last told all changes of a connected directory.',
    labelNames: ['connection'],
    registers: [registry],
    async collect() {
      this.reset();
      // The other metrics are wanted most when the database is away.
      const ages = await read().catch(() => []);
      for (const { connectionId, ageSeconds } of ages) this.set({ connection: connectionId }, ageSeconds);
    },
  });
}
