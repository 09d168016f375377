import pg from 'pg'

export async function open(servers) {
  const pool = new pg.Pool({ connectionString: servers.postgres, max: 20 })
  const select = async (limit) => {
    const { rows } = await pool.query({
      name: 'bench',
      text: 'SELECT * FROM bench_people ORDER BY id LIMIT $1',
      values: [limit],
    })
    return Buffer.from(JSON.stringify({ data: rows }))
  }
  return {
    rows: { select100: () => select(100), select5000: () => select(5000) },
    close: () => pool.end(),
  }
}
