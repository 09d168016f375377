// One command to a MongoDB server, enough to see that it answers and to set it up.

import { MongoClient, MongoServerError } from 'mongodb'

/** Until then a server that refuses connections is asked again. */
const CONNECT_MS = 2_000
const ANSWER_MS = 10_000

/**
 * Runs one command, unauthenticated.
 *
 * @param {{ port: number, host?: string, tls?: boolean }} server
 * @param {string} database
 * @param {object} command
 * @returns {Promise<Record<string, any>>} the reply, also one that says `ok: 0`
 */
export async function mongoCommand({ port, host = '127.0.0.1', tls = false }, database, command) {
  const client = new MongoClient(`mongodb://${host}:${port}`, {
    directConnection: true,
    serverSelectionTimeoutMS: CONNECT_MS,
    minHeartbeatFrequencyMS: 10,
    socketTimeoutMS: ANSWER_MS,
    tls,
    // Not verified: it is our own server, and its certificate may be a bad one on purpose.
    tlsAllowInvalidCertificates: true,
    tlsAllowInvalidHostnames: true,
  })
  try {
    return await client.db(database).command(command)
  } catch (error) {
    if (error instanceof MongoServerError) return error.errorResponse
    throw error
  } finally {
    await client.close()
  }
}
