// What the compiler says of code that uses the package.

import { join } from 'node:path'
import * as ts from 'typescript'
import { root } from './processes'

const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
  paths: {
    'studio-multidb': [join(root, 'dist/index.d.ts')],
    'studio-multidb/next': [join(root, 'dist/next/index.d.ts')],
  },
}

/** The errors of a module with this text, beside declarations of what it may take for granted. */
export function problemsOf(text: string, declarations = ''): string[] {
  const files = new Map([
    [join(root, '__test__', 'an-example.ts'), text],
    [join(root, '__test__', 'around-it.d.ts'), declarations],
  ])
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  host.getSourceFile = (name, ...rest) => {
    const given = files.get(name)
    return given === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, given, ts.ScriptTarget.ES2022)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}
