// Certificates for tests: an authority, and servers' certificates of it that are good or bad in
// one known way. Made here, as no program that makes them can be counted on to be installed.

import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

import * as der from './der.mjs'

/**
 * - `valid`: for localhost, 127.0.0.1 and ::1
 * - `address-only`: for 127.0.0.1 and ::1, so that `localhost` is a wrong name
 * - `expired`: valid until yesterday
 * - `wrong-name`: for another host
 * - `unknown-ca`: signed by an authority that nobody trusts
 *
 * @typedef {'valid' | 'address-only' | 'expired' | 'wrong-name' | 'unknown-ca'} CertificateKind
 */

/**
 * @typedef {object} Issued
 * @property {string} cert PEM
 * @property {string} key PEM (PKCS#8)
 */

const DAY_MS = 24 * 60 * 60_000
const ECDSA_SHA256 = der.sequence(der.identifier('1.2.840.10045.4.3.2'))
const extension = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
}
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

const name = (commonName) =>
  der.sequence(der.set(der.sequence(der.identifier('2.5.4.3'), der.utf8(commonName))))

const pem = (label, bytes) => {
  const lines = bytes
    .toString('base64')
    .match(/.{1,64}/g)
    .join('\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}

/** The identifier of a public key: a hash of it (RFC 7093, method 1, on the whole structure). */
const keyId = (publicKey) => createHash('sha256').update(publicKey).digest().subarray(0, 20)

function newKey() {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return { publicKey: pair.publicKey, key: pair.privateKey }
}

function certificate({ subject, issuer, publicKey, issuerKey, from, until, extensions }) {
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))), // version 3
    der.integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_SHA256,
    name(issuer),
    der.sequence(der.time(from), der.time(until)),
    name(subject),
    publicKey,
    der.explicit(3, der.sequence(...extensions))
  )
  const signature = sign('sha256', body, createPrivateKey(issuerKey))
  return pem('CERTIFICATE', der.sequence(body, ECDSA_SHA256, der.bits(signature)))
}

const extend = (id, value, { critical = false } = {}) =>
  der.sequence(der.identifier(id), ...(critical ? [der.boolean(true)] : []), der.octets(value))

/**
 * A certificate authority.
 * @param {string} commonName
 */
export function createAuthority(commonName) {
  const { publicKey, key: issuerKey } = newKey()
  const authorityId = keyId(publicKey)
  const cert = certificate({
    subject: commonName,
    issuer: commonName,
    publicKey,
    issuerKey,
    from: new Date(Date.now() - 30 * DAY_MS),
    until: new Date(Date.now() + 365 * DAY_MS),
    extensions: [
      extend(extension.basicConstraints, der.sequence(der.boolean(true)), { critical: true }),
      // keyCertSign and cRLSign
      extend(extension.keyUsage, der.bits(Buffer.from([0b0000_0110]), 1), { critical: true }),
      extend(extension.subjectKeyId, der.octets(authorityId)),
    ],
  })

  return {
    /** PEM, for those who are to trust it. */
    cert,

    /**
     * @param {{ names?: string[], addresses?: Buffer[], from?: Date, until?: Date }} options
     * @returns {Issued}
     */
    issue({ names = [], addresses = [], from, until }) {
      const leaf = newKey()
      const alternatives = [
        ...names.map((host) => der.implicit(2, Buffer.from(host))),
        ...addresses.map((address) => der.implicit(7, address)),
      ]
      const usages = [SERVER_AUTH, CLIENT_AUTH].map(der.identifier)
      return {
        key: leaf.key,
        cert: certificate({
          subject: names[0],
          issuer: commonName,
          publicKey: leaf.publicKey,
          issuerKey,
          from: from ?? new Date(Date.now() - DAY_MS),
          until: until ?? new Date(Date.now() + 90 * DAY_MS),
          extensions: [
            extend(extension.basicConstraints, der.sequence(), { critical: true }),
            // digitalSignature
            extend(extension.keyUsage, der.bits(Buffer.from([0b1000_0000]), 7), {
              critical: true,
            }),
            extend(extension.extendedKeyUsage, der.sequence(...usages)),
            extend(extension.subjectAltName, der.sequence(...alternatives)),
            extend(extension.subjectKeyId, der.octets(keyId(leaf.publicKey))),
            extend(extension.authorityKeyId, der.sequence(der.implicit(0, authorityId))),
          ],
        }),
      }
    },
  }
}

const loopback = {
  names: ['localhost'],
  addresses: [Buffer.from([127, 0, 0, 1]), Buffer.concat([Buffer.alloc(15), Buffer.from([1])])],
}

let authority

/** The authority that tests trust, one for each process. */
export const testAuthority = () => (authority ??= createAuthority('studio-multidb test authority'))

/**
 * A server's certificate, and the authority that a client of it is told to trust.
 *
 * @param {CertificateKind} [kind]
 * @returns {Issued & { caPem: string, issuerPem: string }} `issuerPem` is the authority that
 *   did sign it
 */
export function createCertificate(kind = 'valid') {
  const trusted = testAuthority()
  const issuer =
    kind === 'unknown-ca' ? createAuthority('studio-multidb unknown authority') : trusted
  const options = {
    valid: loopback,
    'address-only': { ...loopback, names: ['elsewhere.invalid'] },
    expired: { ...loopback, from: daysAgo(10), until: daysAgo(1) },
    'wrong-name': { names: ['elsewhere.invalid'] },
    'unknown-ca': loopback,
  }[kind]
  if (!options) throw new TypeError(`no kind of certificate is called ${kind}`)
  return { ...issuer.issue(options), caPem: trusted.cert, issuerPem: issuer.cert }
}

const daysAgo = (days) => new Date(Date.now() - days * DAY_MS)
