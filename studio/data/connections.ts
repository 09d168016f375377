import { fetchData } from './fetcher'

export type DatabaseType = 'postgres' | 'redis' | 'mongodb' | 'bun_api'

export interface Connection {
  id: string
  project_ref: string
  database_type: DatabaseType
  identifier: string
  description: string | null
  connection_string: string
  is_primary: boolean
  status: 'ACTIVE' | 'INACTIVE' | 'ERROR' | 'CONNECTING'
  last_error: string | null
}

export interface TestStep {
  name: string
  ok: boolean
  ms: number
  message?: string
}

export interface TestResult {
  success: boolean
  latency_ms: number
  version?: string
  error?: string
  steps: TestStep[]
  warnings?: string[]
}

interface Page {
  databases: Connection[]
  cursor: string | null
}

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
