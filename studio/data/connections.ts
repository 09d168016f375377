import type { Answer } from 'studio-multidb'
import { fetchData } from './fetcher'

type Page = Answer<'registry.databases.list'>

export type Connection = Page['databases'][number]
export type DatabaseType = Connection['database_type']
export type TestResult = Answer<'registry.databases.test'>

/** All connections, page by page. */
export async function listConnections(signal: AbortSignal): Promise<Connection[]> {
  const all: Connection[] = []
  let cursor: string | null = null
  do {
    const query: string = new URLSearchParams({
      limit: '100',
      ...(cursor && { cursor }),
    }).toString()
    const page: Page = await fetchData<Page>(`/databases?${query}`, { signal })
    all.push(...page.databases)
    cursor = page.cursor
  } while (cursor)
  return all
}

export function testConnection(id: string): Promise<TestResult> {
  return fetchData(`/databases/${encodeURIComponent(id)}/test`, { method: 'POST' })
}
