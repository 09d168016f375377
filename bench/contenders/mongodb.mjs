import { BSON, MongoClient, ObjectId } from 'mongodb'

const { EJSON } = BSON

export async function open(servers) {
  const client = await new MongoClient(servers.mongodb).connect()
  const people = client.db('bench').collection('people')
  const id = new ObjectId(servers.documentId)
  const bytes = (value) => Buffer.from(EJSON.stringify({ data: value }))
  return {
    rows: {
      find: async () => bytes({ documents: await people.find().limit(1000).toArray() }),
      findOne: async () => bytes(await people.findOne({ _id: id })),
    },
    close: () => client.close(),
  }
}
