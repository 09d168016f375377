/** Next calls it once in the server's process, before the first request. */
export async function register() {
  // A block, which the bundler leaves out of what it makes for the edge runtime.
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { serveSockets } = await import('lib/multidbSockets')
    serveSockets()
  }
}
