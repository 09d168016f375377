import { BSON, MongoClient, ObjectId } from 'mongodb'

import { newDocuments, pipeline } from '../work.mjs'

const { EJSON } = BSON

export async function open(servers) {
  const client = await new MongoClient(servers.mongodb).connect()
  const people = client.db('bench').collection('people')
  const inserted = client.db('bench').collection('inserted')
  const id = new ObjectId(servers.documentId)
  const bytes = (value) => Buffer.from(EJSON.stringify({ data: value }))
  return {
    rows: {
      find: async () => bytes({ documents: await people.find().limit(1000).toArray() }),
      aggregate: async () => bytes(await people.aggregate(pipeline).toArray()),
      insertMany: async () => {
        const result = await inserted.insertMany(EJSON.parse(newDocuments).documents)
        const inserted_ids = Object.values(result.insertedIds)
        return bytes({ inserted_ids, inserted_count: result.insertedCount })
      },
      findOne: async () => bytes(await people.findOne({ _id: id })),
    },
    close: () => client.close(),
  }
}
