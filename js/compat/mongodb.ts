import { decryptWith } from '../../index'
import { fromNative } from '../errors'
import type { CollectionEntry } from '../mongodb/collections'
import { MongoDatabase } from '../mongodb/database'
import type { DatabaseEntry, DatabaseStats } from '../mongodb/databases'
import type { Document } from '../mongodb/document'
import type { FindOptions } from '../mongodb/documents'
import { bindingTo, defaultManager, type Result, settled } from './default'

/** Documents read per round trip by `toArray()`. */
const PAGE = 1000

/** A collection, as callbacks of `executeMongoOperation` see it. */
export class Collection {
  constructor(
    readonly client: MongoDatabase,
    readonly db: string,
    /** The collection's name. */
    readonly collectionName: string
  ) {}

  /** Matching documents. */
  find(filter: Document = {}, options: Omit<FindOptions, 'filter'> = {}) {
    return {
      toArray: async (): Promise<Document[]> => {
        const { limit, skip = 0, ...rest } = options
        const found: Document[] = []
        for (;;) {
          const wanted = limit === undefined ? PAGE : Math.min(PAGE, limit - found.length)
          if (wanted <= 0) return found
          const page = await this.client.find(this.db, this.collectionName, {
            ...rest,
            filter,
            limit: wanted,
            skip: skip + found.length,
          })
          found.push(...page.documents)
          if (!page.has_more) return found
        }
      },
    }
  }

  /** The first matching document. */
  async findOne(filter: Document = {}): Promise<Document | null> {
    return (await this.find(filter, { limit: 1 }).toArray())[0] ?? null
  }

  /** How many documents match. */
  async countDocuments(filter: Document = {}): Promise<number> {
    const pipeline = [{ $match: filter }, { $count: 'n' }]
    const [counted] = await this.aggregate(pipeline).toArray()
    return Number(counted?.n ?? 0)
  }

  /** Inserts one document. */
  async insertOne(document: Document): Promise<{ insertedId: unknown }> {
    const { inserted_ids } = await this.insertMany([document])
    return { insertedId: inserted_ids[0] }
  }

  /** Inserts documents, in order. */
  insertMany(documents: Document[]) {
    return this.client.insert(this.db, this.collectionName, documents)
  }

  /** The result of a pipeline. */
  aggregate(pipeline: Document[]) {
    return {
      toArray: () => this.client.aggregate(this.db, this.collectionName, pipeline),
    }
  }
}

/** A database, as callbacks of `executeMongoOperation` see it. */
export class Db {
  constructor(
    readonly client: MongoDatabase,
    /** The database's name. */
    readonly databaseName: string
  ) {}

  /** A collection of it. */
  collection(name: string): Collection {
    return new Collection(this.client, this.databaseName, name)
  }

  /** Its collections. */
  listCollections() {
    return { toArray: () => this.client.listCollections(this.databaseName) }
  }

  /** Its figures. */
  stats(): Promise<DatabaseStats> {
    return this.client.stats(this.databaseName)
  }

  /** What concerns the whole server. */
  admin() {
    return {
      listDatabases: async () => ({ databases: await this.client.listDatabases() }),
    }
  }
}

/** A client of one connection string. */
export class MongoClient {
  constructor(readonly client: MongoDatabase) {}

  /** One of its databases. */
  db(name: string): Db {
    return new Db(this.client, name)
  }
}

/** The client of a connection string, or of `MONGODB_URL`; resolves once the server answered. */
export async function getMongoClient(connectionString?: string): Promise<MongoClient> {
  const client = new MongoDatabase(bindingTo('mongodb', connectionString))
  await client.listDatabases()
  return new MongoClient(client)
}

/** Runs a callback on a database of the connection behind an encrypted string, or of `MONGODB_URL`. */
export function executeMongoOperation<T = unknown>({
  encryptedConnection,
  database,
  operation,
}: {
  encryptedConnection?: string
  database: string
  operation: (db: Db) => Promise<T>
}): Promise<Result<T>> {
  return settled(() => {
    const connectionString =
      encryptedConnection === undefined ? undefined : decrypt(encryptedConnection)
    const client = new MongoDatabase(bindingTo('mongodb', connectionString))
    return operation(new Db(client, database))
  })
}

/** Whether a MongoDB server answers at this connection string. */
export async function testMongoConnection(connectionString: string): Promise<boolean> {
  const target = { database_type: 'mongodb', connection_string: connectionString } as const
  return (await defaultManager().databases().testTarget(target)).success
}

/** Closes the MongoDB connections of this process; the next call opens them again. */
export function closeMongoConnections(): Promise<void> {
  return defaultManager().native.closeClients('mongodb')
}

function decrypt(text: string): string {
  try {
    const key = process.env.MONGODB_CRYPTO_KEY ?? process.env.PG_META_CRYPTO_KEY ?? ''
    return decryptWith(text, key)
  } catch (error) {
    throw fromNative(error)
  }
}

function database(name: string, connectionString: string | undefined): Db {
  return new Db(new MongoDatabase(bindingTo('mongodb', connectionString)), name)
}

/** Shorthands for a connection string, or for `MONGODB_URL`. */
export const MongoHelpers = {
  /** The databases that the user can see. */
  listDatabases: (connectionString?: string): Promise<Result<DatabaseEntry[]>> =>
    settled(
      async () => (await database('admin', connectionString).admin().listDatabases()).databases
    ),
  /** The collections of a database. */
  listCollections: (name: string, connectionString?: string): Promise<Result<CollectionEntry[]>> =>
    settled(() => database(name, connectionString).listCollections().toArray()),
  /** How many documents match. */
  countDocuments: (
    name: string,
    collection: string,
    filter: Document = {},
    connectionString?: string
  ): Promise<Result<number>> =>
    settled(() => database(name, connectionString).collection(collection).countDocuments(filter)),
  /** Matching documents. */
  find: (
    name: string,
    collection: string,
    filter: Document = {},
    options: Omit<FindOptions, 'filter'> = {},
    connectionString?: string
  ): Promise<Result<Document[]>> =>
    settled(() =>
      database(name, connectionString).collection(collection).find(filter, options).toArray()
    ),
  /** A database's figures. */
  stats: (name: string, connectionString?: string): Promise<Result<DatabaseStats>> =>
    settled(() => database(name, connectionString).stats()),
}
