// What the core noted of its answers while it was tested: each was held to what its operation declares
// (the feature `checked-answers`).

import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { root } from '../steps/command.mjs'

/** Makes the folder where all processes of the tests note their answers. */
export async function noteAnswersIn(folder) {
  await mkdir(folder)
  process.env.CHECKED_ANSWERS = folder
}

/** Fails where an answer was not as declared, or an operation never answered. */
export async function requireDeclaredAnswers(folder) {
  const files = await readdir(folder)
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  const document = JSON.parse(await readFile(join(root, 'openapi.json'), 'utf8'))
  const faults = faultsOf(texts.join('').split('\n'), document)
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

/** What is wrong with the noted lines, given the document. */
export function faultsOf(lines, { paths }) {
  const wrong = lines.filter((line) => line.startsWith('wrong '))
  const answered = new Set(lines.filter((line) => line.startsWith('ok ')).map((l) => l.slice(3)))
  const names = Object.values(paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId)
  )
  const silent = names.filter((name) => name !== 'service.call' && !answered.has(name))
  return [...new Set(wrong), ...silent.map((name) => `no test had an answer of ${name}`)]
}
