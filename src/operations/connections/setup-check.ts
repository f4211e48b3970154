/** One thing that has to be right for a connection to work; `fix` says in words what to do. */
export interface SetupCheck {
  readonly id: string;
  readonly status: 'pass' | 'warn' | 'fail' | 'skipped';
  readonly detail: string;
  readonly fix: string | null;
}

export const pass = (id: string, detail: string): SetupCheck => ({ id, status: 'pass', detail, fix: null });

/** It works, or may work, but not as well as it could. */
export const warn = (id: string, detail: string, fix: string): SetupCheck => ({
  id,
  status: 'warn',
  detail,
  fix,
});

export const fail = (id: string, detail: string, fix: string): SetupCheck => ({
  id,
  status: 'fail',
  detail,
  fix,
});

/** It cannot be told now, mostly because something before it is not right. */
export const skipped = (id: string, detail: string, fix: string | null = null): SetupCheck => ({
  id,
  status: 'skipped',
  detail,
  fix,
});
