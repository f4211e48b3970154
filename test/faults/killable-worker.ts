import { makeWorks, type WorkName, type WorkScene } from './deciding-works.ts';

/** When the process kills itself. */
export interface Kill {
  /** Of the statements from the first BEGIN on, BEGIN being 0. */
  readonly statement: number;
  /** Null: before the statement leaves; otherwise so long after it was sent. */
  readonly afterMs: number | null;
}

/** What the parent asks for. */
export interface WorkOrder {
  readonly scene: WorkScene;
  readonly name: WorkName;
  /** Null where the work may come to its end. */
  readonly kill: Kill | null;
}

/** The answer, if there is one. */
export interface WorkReport {
  /** From the first BEGIN on. */
  readonly statements: number;
  /** Null when the work succeeded. */
  readonly error: string | null;
}

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

/** Counts the statements of one work, and ends the process at the one that was ordered. */
let statements: number | null = null;
let kill: Kill | null = null;

function onStatement(text: string): void {
  if (statements !== null) statements += 1;
  else if (/^begin\b/.test(text)) statements = 0;
  if (kill === null || statements !== kill.statement) return;
  const { afterMs } = kill;
  if (afterMs === null) die();
  // What is asked for in one turn of the event loop leaves together, at its end.
  else setImmediate(() => setTimeout(die, afterMs));
}

let works: ReturnType<typeof makeWorks> | null = null;

process.on('message', (order: WorkOrder) => {
  works ??= makeWorks(order.scene, onStatement);
  statements = null;
  kill = order.kill;
  const report = (error: string | null): void => {
    const answer: WorkReport = { statements: statements === null ? 0 : statements + 1, error };
    process.send?.(answer);
  };
  works[order.name]().then(
    () => report(null),
    (error: unknown) => report(error instanceof Error ? `${error.stack} ${error.cause}` : String(error)),
  );
});
process.on('disconnect', () => process.exit());
