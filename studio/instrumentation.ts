/** Next calls it once in the server's process, before the first request. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { serveSockets } = await import('lib/multidbSockets')
  serveSockets()
}
