import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes empty folders that are there until the tests of the file have run. */
export function temporaryFolders(): () => string {
  const folders: string[] = []
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'studio-multidb-test-'))
    folders.push(folder)
    return folder
  }
}
