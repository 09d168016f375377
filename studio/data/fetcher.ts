/** Fetches the `data` of an answer; a failure throws the message that the server gave. */
export async function fetchData<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`/api/platform${path}`, init)
  const body = (await response.json().catch(() => null)) as { data?: T; message?: string } | null
  if (!response.ok || !body) {
    throw new Error(body?.message ?? `The server answered with status ${response.status}`)
  }
  return body.data as T
}
