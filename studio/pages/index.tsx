import Head from 'next/head'
import { useEffect, useState } from 'react'
import { ConnectionCard } from 'components/ConnectionCard'
import { type Connection, listConnections } from 'data/connections'

export default function ConnectionsPage() {
  const [connections, setConnections] = useState<Connection[]>()
  const [failure, setFailure] = useState<string>()
  const [attempt, setAttempt] = useState(0)

  useEffect(() => {
    const controller = new AbortController()
    setFailure(undefined)
    listConnections(controller.signal)
      .then(setConnections)
      .catch((error: Error) => {
        if (!controller.signal.aborted) setFailure(error.message)
      })
    return () => controller.abort()
  }, [attempt])

  return (
    <>
      <Head>
        <title>Connections</title>
      </Head>
      <main>
        <header className="page-head">
          <h1>Connections</h1>
          <button type="button" onClick={() => setAttempt(attempt + 1)}>
            Refresh
          </button>
        </header>
        {failure && (
          <p role="alert" className="error">
            {failure}
          </p>
        )}
        {!connections && !failure && <p role="status">Loading connections…</p>}
        {connections?.length === 0 && (
          <p>
            No connections yet. Add one with <code>POST /api/platform/databases</code>.
          </p>
        )}
        {connections && connections.length > 0 && (
          <ul className="cards">
            {connections.map((connection) => (
              <ConnectionCard key={connection.id} connection={connection} />
            ))}
          </ul>
        )}
      </main>
    </>
  )
}
