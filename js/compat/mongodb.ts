import type { Answer } from '../core/operations'
import { MongoDatabase } from '../clients/mongodb/database'
import type { Document } from '../clients/mongodb/document'
import type { FindOptions } from '../clients/mongodb/documents'
import { answers, bindingTo, decrypted, defaultManager, type Result, settled } from './default'

/** Documents, or entries of a list, read per round trip by `toArray()`. */
const PAGE = 1000

/** A database, as `listDatabases` of a driver tells of it. What the user may not know is `null`. */
export interface ListedDatabase {
  name: string
  /** Bytes. */
  sizeOnDisk: number | null
  empty: boolean | null
}

/** A collection or view, as `listCollections` of a driver tells of it, with its sizes. */
export interface ListedCollection {
  name: string
  /** `collection`, `view` or `timeseries`. */
  type: string
  options: Document
  info: { readOnly: boolean } & Partial<CollectionInfo>
}

type CollectionInfo = NonNullable<Answer<'mongodb.collections.list'>[number]['info']>

/** A database's figures, as `stats` of a driver tells them. Sizes are in bytes. */
export interface ListedStats {
  db: string
  collections: number
  views: number
  objects: number
  avgObjSize: number
  dataSize: number
  storageSize: number
  indexes: number
  indexSize: number
  totalSize: number
  scaleFactor: number
  fsUsedSize: number | null
  fsTotalSize: number | null
  ok: 1
}

/** A whole list, page by page. */
async function whole<T extends { name: string }>(
  page: (options: { limit: number; after?: string }) => Promise<T[]>
): Promise<T[]> {
  const found: T[] = []
  for (;;) {
    const after = found.at(-1)?.name
    const more = await page(after === undefined ? { limit: PAGE } : { limit: PAGE, after })
    found.push(...more)
    if (more.length < PAGE) return found
  }
}

/** The databases that the user of a connection can see. */
export async function listed(client: MongoDatabase): Promise<ListedDatabase[]> {
  const databases = await whole((options) => client.databases.list(options))
  return databases.map(({ name, size_on_disk, empty }) => ({
    name,
    sizeOnDisk: size_on_disk,
    empty,
  }))
}

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
          const wanted = Math.min(PAGE, (limit ?? Infinity) - found.length)
          if (wanted <= 0) return found
          const page = await this.client.documents.find(this.db, this.collectionName, {
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
  async insertOne(document: Document): Promise<{ acknowledged: true; insertedId: unknown }> {
    const { insertedIds } = await this.insertMany([document])
    return { acknowledged: true, insertedId: insertedIds[0] }
  }

  /** Inserts documents, in order. The ids are by the documents' indexes. */
  async insertMany(documents: Document[]): Promise<{
    acknowledged: true
    insertedCount: number
    insertedIds: Record<number, unknown>
  }> {
    const inserted = await this.client.documents.insert(this.db, this.collectionName, documents)
    const { inserted_count: insertedCount, inserted_ids: ids } = inserted
    return { acknowledged: true, insertedCount, insertedIds: { ...ids } }
  }

  /** The result of a pipeline. */
  aggregate(pipeline: Document[]) {
    return {
      // Pipelines come from requests here: one that writes is refused.
      toArray: () =>
        this.client.aggregations.run(this.db, this.collectionName, pipeline, { confirm: false }),
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
    return {
      toArray: async (): Promise<ListedCollection[]> => {
        const found = await whole((options) =>
          this.client.collections.list(this.databaseName, options)
        )
        return found.map(({ name, type, kind, options, info }) => ({
          name,
          type,
          options,
          info: { readOnly: kind === 'view', ...info },
        }))
      },
    }
  }

  /** Its figures. */
  async stats(): Promise<ListedStats> {
    const stats = await this.client.databases.stats(this.databaseName)
    return {
      db: stats.db,
      collections: stats.collections,
      views: stats.views,
      objects: stats.objects,
      avgObjSize: stats.avg_obj_size,
      dataSize: stats.data_size,
      storageSize: stats.storage_size,
      indexes: stats.indexes,
      indexSize: stats.index_size,
      totalSize: stats.total_size,
      scaleFactor: stats.scale,
      fsUsedSize: stats.fs_used_size,
      fsTotalSize: stats.fs_total_size,
      ok: 1,
    }
  }

  /** What concerns the whole server. */
  admin() {
    return {
      listDatabases: async () => {
        const databases = await listed(this.client)
        const totalSize = databases.reduce((sum, { sizeOnDisk }) => sum + (sizeOnDisk ?? 0), 0)
        return {
          databases,
          totalSize,
          totalSizeMb: Math.floor(totalSize / 2 ** 20),
          ok: 1 as const,
        }
      },
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
  await client.databases.list()
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
    const connectionString = decrypted(encryptedConnection, process.env.MONGODB_CRYPTO_KEY)
    const client = new MongoDatabase(bindingTo('mongodb', connectionString))
    return operation(new Db(client, database))
  })
}

/** Whether a MongoDB server answers at this connection string. */
export function testMongoConnection(connectionString: string): Promise<boolean> {
  return answers('mongodb', connectionString)
}

/** Closes the MongoDB connections of this process; the next call opens them again. */
export function closeMongoConnections(): Promise<void> {
  return defaultManager().native.closeClients('mongodb')
}

function database(name: string, connectionString: string | undefined): Db {
  return new Db(new MongoDatabase(bindingTo('mongodb', connectionString)), name)
}

/** Shorthands for a connection string, or for `MONGODB_URL`. */
export const MongoHelpers = {
  /** The databases that the user can see. */
  listDatabases: (connectionString?: string): Promise<Result<ListedDatabase[]>> =>
    settled(
      async () => (await database('admin', connectionString).admin().listDatabases()).databases
    ),
  /** The collections of a database. */
  listCollections: (name: string, connectionString?: string): Promise<Result<ListedCollection[]>> =>
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
  stats: (name: string, connectionString?: string): Promise<Result<ListedStats>> =>
    settled(() => database(name, connectionString).stats()),
}
