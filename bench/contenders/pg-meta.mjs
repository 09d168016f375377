/** The registry as today's Studio reads it: SQL through pg-meta, over HTTP. */
export async function open(servers) {
  const query = async (sql) => {
    const response = await fetch(`${servers.pgMeta}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: sql }),
    })
    if (!response.ok) throw new Error(await response.text())
    return Buffer.from(JSON.stringify({ data: await response.json() }))
  }
  const view = 'SELECT * FROM platform.databases_with_projects'
  return {
    rows: {
      registryList: () => query(`${view} ORDER BY created_at DESC`),
      registryGet: () => query(`${view} WHERE id = '${servers.scope.redis}'`),
    },
    close: async () => {},
  }
}
