import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import {
  COMPUTED_IMPORT_FOLDERS,
  FOLDERS,
  type FolderRule,
  LEAF,
  ROOT_FILES,
} from './architecture-whitelist.ts';
import { findCycles } from './find-cycles.ts';
import { type ScannedSource, scanSource } from './scan-source.ts';

export type ArchitectureRule =
  | 'asynchronous-core'
  | 'banned-scimmy'
  | 'barrel'
  | 'computed-import'
  | 'cycle'
  | 'folder-import'
  | 'impure-core'
  | 'node-import'
  | 'not-typescript'
  | 'outside-src'
  | 'package-import'
  | 'process-env'
  | 'unit-of-work'
  | 'unknown-place';

export type Violation = {
  readonly rule: ArchitectureRule;
  /** Relative to the checked folder, with forward slashes. */
  readonly file: string;
  readonly detail: string;
};

export type ArchitectureReport = {
  readonly fileCount: number;
  readonly violations: readonly Violation[];
};

type SourceFile = ScannedSource & {
  readonly path: string;
  /** First folder below the root; empty for a root file. */
  readonly folder: string;
  readonly name: string;
};

type Report = (rule: ArchitectureRule, detail: string) => void;

function* filesBelow(root: string, path = ''): Generator<string> {
  for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
    const inner = posix.join(path, entry.name);
    if (entry.isDirectory()) yield* filesBelow(root, inner);
    else yield inner;
  }
}

function readSource(root: string, path: string): SourceFile {
  const slash = path.indexOf('/');
  return {
    ...scanSource(readFileSync(join(root, path), 'utf8')),
    path,
    folder: slash < 0 ? '' : path.slice(0, slash),
    name: posix.basename(path),
  };
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The imported file relative to the root; undefined for packages. */
function targetOf(file: SourceFile, specifier: string): string | undefined {
  return /^\.{0,2}\//.test(specifier) ? posix.join(posix.dirname(file.path), specifier) : undefined;
}

function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : name === pattern,
  );
}

function checkFolderImport(file: SourceFile, rule: FolderRule, target: string, report: Report): void {
  const [folder = '', ...rest] = target.split('/');
  if (rest.length === 0) {
    if (target !== LEAF || rule.kind !== 'adapter') report('folder-import', `imports ${target}`);
    return;
  }
  if (folder === file.folder) return;
  const allowed = Object.hasOwn(rule.folders, folder) ? rule.folders[folder] : undefined;
  if (allowed === undefined) report('folder-import', `imports ${folder}/`);
  else if (allowed !== 'all' && !matchesAny(rest.join('/'), allowed)) {
    report('folder-import', `imports ${target}, and of ${folder}/ only ${allowed.join(', ')} are open to it`);
  }
}

function checkPackage(file: SourceFile, specifier: string, report: Report): void {
  const root = ROOT_FILES[file.name];
  const rule = file.folder === '' ? root : FOLDERS[file.folder];
  if (specifier.startsWith('node:')) {
    const builtinsAllowed = file.folder === '' || FOLDERS[file.folder]?.kind === 'adapter';
    if (!builtinsAllowed) report('node-import', `imports ${specifier}`);
    if (specifier === 'node:process' && !(file.folder === '' && root?.readsEnvironment)) {
      report('process-env', 'imports node:process');
    }
  } else if (!rule?.packages.includes(packageOf(specifier))) {
    report('package-import', `imports the package ${packageOf(specifier)}`);
  }
}

function checkReferences(file: SourceFile, report: Report): void {
  const folderRule = FOLDERS[file.folder];
  for (const { specifier, line } of file.references) {
    if (specifier === null) {
      if (!COMPUTED_IMPORT_FOLDERS.includes(file.folder)) report('computed-import', `in line ${line}`);
      continue;
    }
    const target = targetOf(file, specifier);
    if (target === undefined) checkPackage(file, specifier, report);
    else if (target.startsWith('..') || target.startsWith('/')) report('outside-src', `imports ${specifier}`);
    else if (folderRule) checkFolderImport(file, folderRule, target, report);
    else if (!ROOT_FILES[file.name]?.composes) report('folder-import', `imports ${target}`);
  }
}

/** A name used by itself, not as a property, an object key or a parameter's name. */
const alone = (names: string) => new RegExp(String.raw`(?<![.\w$])(?:${names})(?![\w$]|\??\s*:)`);

const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/(?<![.\w$])Date\s*\.\s*now(?![\w$])/, 'Date.now'],
  [/(?<![.\w$])new\s+Date\s*(?:\(\s*\)|(?![\s\w$(]))/, 'new Date()'],
  [/(?<![.\w$])(?<!new\s+)Date\s*\(/, 'Date()'],
  [/(?<![.\w$])Math\s*\.\s*random(?![\w$])/, 'Math.random'],
  [alone('crypto|process|globalThis|performance|console'), 'a global with state'],
  [/(?<![.\w$])(?:fetch|setTimeout|setInterval|setImmediate|queueMicrotask)\s*\(/, 'fetch or a timer'],
];

const BANNED_SCIMMY: readonly RegExp[] = [
  /(?<![\w$])Types\s*\??\.\s*Filter(?![\w$])/,
  /(?<![\w$])Messages\s*\??\.\s*(?:PatchOp|BulkRequest|SearchRequest)(?![\w$])/,
  /(?<![\w$])Resources\s*\??\.\s*(?:User|Group)(?![\w$])/,
  /(?<![\w$])(?:Types|Messages|Resources)\s*(?:\?\.)?\[/,
  /\{[^{}]*(?<![\w$])Filter(?![\w$])[^{}]*\}\s*=[^;]*(?<![\w$])Types(?![\w$])/,
  /\{[^{}]*(?<![\w$])(?:PatchOp|BulkRequest|SearchRequest)(?![\w$])[^{}]*\}\s*=[^;]*(?<![\w$])Messages(?![\w$])/,
  /\{[^{}]*(?<![\w$])(?:User|Group)(?![\w$])[^{}]*\}\s*=[^;]*(?<![\w$])Resources(?![\w$])/,
];

function checkCode(file: SourceFile, report: Report): void {
  const { code, folder } = file;
  if (FOLDERS[folder]?.kind === 'pure') {
    for (const [pattern, name] of IMPURE) if (pattern.test(code)) report('impure-core', `uses ${name}`);
    if (alone('async|await|Promise').test(code)) report('asynchronous-core', 'waits for something');
  }
  const readsEnvironment = folder === '' && ROOT_FILES[file.name]?.readsEnvironment;
  if (!readsEnvironment && /(?<![.\w$])process\s*(?:\??\.\s*env(?![\w$])|(?:\?\.)?\[)/.test(code)) {
    report('process-env', 'reads process.env');
  }
  // The subpaths (scimmy/types and others) hold the same classes under shorter names.
  const subpath = file.references.some(({ specifier }) => specifier?.startsWith('scimmy/'));
  if (subpath || BANNED_SCIMMY.some((pattern) => pattern.test(code))) {
    report('banned-scimmy', 'uses a part of scimmy that client text must not reach');
  }
  if (!COMPUTED_IMPORT_FOLDERS.includes(folder) && /(?<![.\w$])createRequire(?![\w$])/.test(code)) {
    report('computed-import', 'makes a require function');
  }
  if (
    folder !== 'operations' &&
    /(?<![\w$])unitOfWork\s*\??\.\s*(?:read|writeOnce|write)(?![\w$])/.test(code)
  ) {
    report('unit-of-work', 'opens a unit of work');
  }
}

function checkPlace(file: SourceFile, report: Report): void {
  const known = Object.hasOwn(file.folder === '' ? ROOT_FILES : FOLDERS, file.folder || file.name);
  if (!known) report('unknown-place', 'lies in a place that the architecture does not know');
  if (file.name === 'index.ts') report('barrel', 'is an index file');
}

/** Checks every file below `root`, which stands for `src/`. */
export function checkArchitecture(root: string): ArchitectureReport {
  const violations: Violation[] = [];
  const reportFor =
    (path: string): Report =>
    (rule, detail) =>
      violations.push({ rule, file: path, detail });

  const paths = [...filesBelow(root)].sort();
  for (const path of paths) {
    if (/\.[cm]?[jt]sx?$/.test(path) && !/(?<!\.d)\.ts$/.test(path))
      reportFor(path)('not-typescript', 'is not .ts');
  }
  const files = paths.filter((path) => path.endsWith('.ts')).map((path) => readSource(root, path));
  for (const file of files) {
    const report = reportFor(file.path);
    checkPlace(file, report);
    checkReferences(file, report);
    checkCode(file, report);
  }
  for (const cycle of findCycles(new Map(files.map((file) => [file.path, importsOf(file)])))) {
    reportFor(cycle[0] ?? '')('cycle', cycle.join(' → '));
  }
  return { fileCount: files.length, violations };
}

function importsOf(file: SourceFile): string[] {
  return file.references.flatMap(({ specifier }) => {
    const target = specifier === null ? undefined : targetOf(file, specifier);
    return target === undefined ? [] : [target];
  });
}
