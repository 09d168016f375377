// TLS for the servers: certificate files for those that speak it, and a front for those that
// were built without.

import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { createProxy } from '../../__test__/support/proxy.mjs'

/**
 * Makes a certificate and writes it to `folder`, as servers want it.
 *
 * @param {boolean | import('./certificates.mjs').CertificateKind} kind true for `valid`
 * @param {string} folder
 */
export async function serverCertificate(kind, folder) {
  // Loaded only by those who want one: it takes a while.
  const { createCertificate } = await import('./certificates.mjs')
  const certificate = await createCertificate(kind === true ? 'valid' : kind)
  const file = (name) => join(folder, name)
  const files = { certFile: file('tls.crt'), keyFile: file('tls.key'), caFile: file('tls-ca.crt') }
  await writePrivate(files.keyFile, certificate.key)
  await writeFile(files.certFile, certificate.cert)
  // What the server itself trusts must include its own issuer.
  await writeFile(files.caFile, certificate.issuerPem)
  return { ...certificate, ...files }
}

/** Replaces a file that may belong to the user that the server runs as. */
async function writePrivate(file, text) {
  await rm(file, { force: true })
  await writeFile(file, text, { mode: 0o600 })
  await chmod(file, 0o600)
}

/**
 * Puts a front that ends TLS before a server that listens in plain text.
 *
 * @template {{ host: string, port: number, stop: () => Promise<void> }} Server
 * @param {Server} server
 * @param {{ key: string, cert: string, caPem: string, caFile: string }} certificate
 * @param {number} [port] to listen on
 * @returns {Promise<Server & { plainPort: number }>}
 */
export async function tlsFront(server, { key, cert, caPem, caFile }, port) {
  const { host, port: plainPort } = server
  const front = await createProxy({ target: { host, port: plainPort }, tls: { key, cert }, port })
  return {
    ...server,
    get pid() {
      return server.pid
    },
    port: front.port,
    plainPort,
    caPem,
    caFile,
    async stop() {
      await front.stop()
      await server.stop()
    },
  }
}
