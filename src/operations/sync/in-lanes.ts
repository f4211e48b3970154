/** Does one unit of work. Answers whether there may be more. */
export type Unit = () => Promise<boolean>;

/** Those whom the units must not keep waiting. */
export interface LaneClients {
  /** Between two units. */
  readonly giveWay: () => Promise<void>;
  /** Whether no client has asked for anything lately. Takes a moment to say no: it may be asked again at once. */
  readonly areQuiet: () => Promise<boolean>;
}

/**
 * Does units of work until there are no more. While no client asks for anything there are two beside each other: one is decided
 * here while the database works on the other one. While clients do, one is enough, and leaves them a processor.
 * Ends when both lanes have ended: no unit is left behind when another one fails.
 */
export async function inLanes(unit: Unit, { giveWay, areQuiet }: LaneClients): Promise<void> {
  let isOver = false;
  const first = async (): Promise<void> => {
    try {
      while (await unit()) await giveWay();
    } finally {
      isOver = true;
    }
  };
  const second = async (): Promise<void> => {
    while (!isOver) {
      if (!(await areQuiet())) continue;
      if (!(await unit())) return;
      await giveWay();
    }
  };
  for (const outcome of await Promise.allSettled([first(), second()])) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
