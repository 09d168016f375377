import { useState } from 'react'
import {
  type Connection,
  type DatabaseType,
  type TestResult,
  testConnection,
} from 'data/connections'
import { TestReport } from './TestReport'

const TYPE_NAMES: Record<DatabaseType, string> = {
  postgres: 'PostgreSQL',
  redis: 'Redis',
  mongodb: 'MongoDB',
  bun_api: 'Bun API',
}

const STATUS_NAMES: Record<Connection['status'], string> = {
  ACTIVE: 'active',
  INACTIVE: 'not tested yet',
  ERROR: 'failing',
  CONNECTING: 'connecting',
}

type Test =
  | { state: 'running' }
  | { state: 'done'; result: TestResult }
  | { state: 'failed'; message: string }

export function ConnectionCard({ connection }: { connection: Connection }) {
  const [test, setTest] = useState<Test>()
  const { database_type, identifier, description, project_ref, status, last_error } = connection
  const titleId = `connection-${connection.id}`

  const run = async () => {
    setTest({ state: 'running' })
    try {
      setTest({ state: 'done', result: await testConnection(connection.id) })
    } catch (error) {
      setTest({ state: 'failed', message: (error as Error).message })
    }
  }

  return (
    <li className="card" aria-labelledby={titleId}>
      <div className="card-head">
        <div>
          <h2 id={titleId}>{identifier}</h2>
          <p className="muted">
            {TYPE_NAMES[database_type]} in project {project_ref}
            {connection.is_primary && ', primary'}
          </p>
        </div>
        <span className={`status status-${status.toLowerCase()}`}>{STATUS_NAMES[status]}</span>
      </div>
      {description && <p>{description}</p>}
      <code>{connection.connection_string}</code>
      {last_error && !test && <p className="error">{last_error}</p>}
      <div className="actions">
        <button type="button" onClick={run} disabled={test?.state === 'running'}>
          {test?.state === 'running' ? 'Testing…' : 'Test connection'}
          <span className="visually-hidden"> {identifier}</span>
        </button>
      </div>
      <div role="status">
        {test?.state === 'failed' && <p className="error">{test.message}</p>}
        {test?.state === 'done' && <TestReport result={test.result} />}
      </div>
    </li>
  )
}
