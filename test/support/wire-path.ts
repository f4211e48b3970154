type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'where'; readonly name: string; readonly value: string };

const STEP = /\['([^']+)'\]|\[(\d+)\]|\[(\*)\]|\[(\w+) eq "([^"]*)"\]|\.?([^.[\]]+)/y;

function readStep([, quoted, index, all, attribute, value, name]: RegExpExecArray): Step {
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (all !== undefined) return { kind: 'all' };
  if (attribute !== undefined && value !== undefined) return { kind: 'where', name: attribute, value };
  return { kind: 'member', name: quoted ?? name ?? '' };
}

function readSteps(path: string): readonly Step[] {
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const start = STEP.lastIndex;
    // A member after a bracket begins with its dot.
    const match = STEP.exec(path);
    if (match === null) throw new Error(`Cannot read the path ${path} from character ${start}`);
    steps.push(readStep(match));
  }
  return steps;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function take(value: unknown, steps: readonly Step[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (!isObject(value)) return undefined;
  switch (step.kind) {
    case 'member':
      return take(Object.hasOwn(value, step.name) ? value[step.name] : undefined, rest);
    case 'index':
      return take(Array.isArray(value) ? value[step.index] : undefined, rest);
    case 'where':
      return take(
        Array.isArray(value)
          ? value.find((item) => isObject(item) && item[step.name] === step.value)
          : undefined,
        rest,
      );
    case 'all':
      return Array.isArray(value) ? value.map((item) => take(item, rest)) : undefined;
  }
}

/**
 * What stands under a path: dotted, `['…']` for names with dots, `[0]`, `[type eq "work"]` for the first element that
 * fits, `[*]` for a list with the rest of the path taken from every element, `$` for the whole.
 */
export function valueAt(root: unknown, path: string): unknown {
  return path === '$' ? root : take(root, readSteps(path));
}
