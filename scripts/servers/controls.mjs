// What can be done with a server that runs, whatever it serves.

import { removeTemporaryFolder } from './supervised.mjs'

/**
 * @param {{ port: number, server: Awaited<ReturnType<
 *   typeof import('./supervised.mjs').superviseProcess>> }} running
 * @param {{ folder: string, dataDir?: string, run: (port: number) => Promise<typeof running>,
 *   restartSignal?: NodeJS.Signals }} options `run` starts it again; without a `dataDir` its
 *   `folder` goes with it
 */
export function controlsOf(running, { folder, dataDir, run, restartSignal = 'SIGTERM' }) {
  return {
    get pid() {
      return running.server.pid
    },
    /** Sends a signal, such as `SIGSTOP` for a server that hangs. */
    signal: (signal) => running.server.signal(signal),
    async stop() {
      await running.server.stop()
      if (!dataDir) await removeTemporaryFolder(folder)
    },
    /** Ends it, with `SIGKILL` for a crash, and starts it again on the same port. */
    async restart({ signal = restartSignal } = {}) {
      await running.server.stop(signal)
      running = await run(running.port)
    },
  }
}
