/**
 * What `new ConnectionManager(options)` takes; each overrides the environment variable named at it.
 */
export interface ManagerOptions {
  /** `DATABASE_URL`: the platform database. */
  databaseUrl?: string
  /** `DATABASE_ENCRYPTION_KEY`: 64 hex digits, base64 of 32 bytes, or a list `id:key,…`. */
  encryptionKey?: string
  /** `PG_META_CRYPTO_KEY` */
  pgMetaCryptoKey?: string
  /** `REDIS_CRYPTO_KEY` */
  redisCryptoKey?: string
  /** `MONGODB_CRYPTO_KEY` */
  mongodbCryptoKey?: string
  /** `STUDIO_PG_META_URL` */
  pgMetaUrl?: string
  /** `REDIS_URL`: a connection that exists without the registry. */
  redisUrl?: string
  /** `MONGODB_URL`: a connection that exists without the registry. */
  mongodbUrl?: string
  /** `BUN_API_URL`: a connection that exists without the registry. */
  bunApiUrl?: string
  /** `BUN_API_KEY` */
  bunApiKey?: string
  /** `MAX_POSTGRES_CONNECTIONS`, per registered connection. */
  maxPostgresConnections?: number
  /** `MAX_REDIS_CONNECTIONS`, per registered connection. */
  maxRedisConnections?: number
  /** `MAX_MONGODB_CONNECTIONS`, per registered connection. */
  maxMongodbConnections?: number
  /** `ENABLE_REDIS_MANAGEMENT` */
  enableRedisManagement?: boolean
  /** `ENABLE_MONGODB_MANAGEMENT` */
  enableMongodbManagement?: boolean
  /** `ENABLE_BUN_API_MANAGEMENT` */
  enableBunApiManagement?: boolean
  /** `MULTIDB_MAX_CLIENTS`: clients per process. */
  maxClients?: number
  /** `MULTIDB_IDLE_TIMEOUT_MS` */
  idleTimeoutMs?: number
  /** `NEXT_PUBLIC_IS_PLATFORM` */
  isPlatform?: boolean
  /** `MULTIDB_ALLOWED_HOSTS`: names, `*.suffix`es and CIDR ranges. */
  allowedHosts?: string[]
  /** `MULTIDB_DENIED_HOSTS` */
  deniedHosts?: string[]
  /** `MULTIDB_ALLOWED_ORIGINS`: what the Studio is known by in browsers. */
  allowedOrigins?: string[]
  /** `MULTIDB_RATE_LIMIT`: `100/60s`, or `off`. */
  rateLimit?: string
  /** `MULTIDB_SHARED_REDIS_URL` */
  sharedRedisUrl?: string
  /** `MULTIDB_AUTHORIZATION` */
  authorization?: 'off' | 'members'
  /** `LOG_LEVEL` */
  logLevel?: 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'off'
  /** `MULTIDB_REQUEST_TIMEOUT_MS` */
  requestTimeoutMs?: number
  /** `MULTIDB_CONNECT_TIMEOUT_MS` */
  connectTimeoutMs?: number
  /** `MULTIDB_MAX_RESULT_BYTES` */
  maxResultBytes?: number
  /** `MULTIDB_MAX_SOCKETS`: subscriptions per process. */
  maxSockets?: number
  /** `MULTIDB_MAX_SOCKETS_PER_USER` */
  maxSocketsPerUser?: number
  /** `MULTIDB_SOCKET_PING_MS` */
  socketPingMs?: number
  /** `MULTIDB_METRICS_TOKEN`: bearer token for `/metrics`. */
  metricsToken?: string
}
