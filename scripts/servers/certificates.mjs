// Certificates for tests: an authority, and servers' certificates of it that are good or bad in
// one known way.

import 'reflect-metadata' // which @peculiar/x509 leaves to its users
import { KeyObject, webcrypto } from 'node:crypto'

import * as x509 from '@peculiar/x509'

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

x509.cryptoProvider.set(webcrypto)

const DAY_MS = 24 * 60 * 60_000
const daysFromNow = (days) => new Date(Date.now() + days * DAY_MS)

const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const newKeys = () => webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])

/** The line's end is for those who write a key behind it. */
const pem = (certificate) => `${certificate.toString('pem')}\n`

/** @param {string} commonName */
async function createAuthority(commonName) {
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm,
    notBefore: daysFromNow(-30),
    notAfter: daysFromNow(365),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })

  return {
    /** PEM, for those who are to trust it. */
    cert: pem(certificate),

    /**
     * @param {{ names?: string[], addresses?: string[], from?: Date, until?: Date }} options
     * @returns {Promise<Issued>}
     */
    async issue({ names, addresses = [], from = daysFromNow(-1), until = daysFromNow(90) }) {
      const { publicKey, privateKey } = await newKeys()
      const { serverAuth, clientAuth } = x509.ExtendedKeyUsage
      const leaf = await x509.X509CertificateGenerator.create({
        subject: [{ CN: [names[0]] }],
        issuer: certificate.subject,
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm,
        notBefore: from,
        notAfter: until,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
          new x509.SubjectAlternativeNameExtension([
            ...names.map((value) => ({ type: 'dns', value })),
            ...addresses.map((value) => ({ type: 'ip', value })),
          ]),
          await x509.SubjectKeyIdentifierExtension.create(publicKey),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      })
      const key = KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' })
      return { cert: pem(leaf), key }
    },
  }
}

const loopback = { names: ['localhost'], addresses: ['127.0.0.1', '::1'] }

let authority

/** The authority that tests trust, one for each process. */
const testAuthority = () => (authority ??= createAuthority('studio-multidb test authority'))

/**
 * A server's certificate, and the authority that a client of it is told to trust.
 *
 * @param {CertificateKind} [kind]
 * @returns {Promise<Issued & { caPem: string, issuerPem: string }>} `issuerPem` is the authority
 *   that did sign it
 */
export async function createCertificate(kind = 'valid') {
  const options = {
    valid: loopback,
    'address-only': { ...loopback, names: ['elsewhere.invalid'] },
    expired: { ...loopback, from: daysFromNow(-10), until: daysFromNow(-1) },
    'wrong-name': { names: ['elsewhere.invalid'] },
    'unknown-ca': loopback,
  }[kind]
  if (!options) throw new TypeError(`no kind of certificate is called ${kind}`)
  const trusted = await testAuthority()
  const issuer =
    kind === 'unknown-ca' ? await createAuthority('studio-multidb unknown authority') : trusted
  return { ...(await issuer.issue(options)), caPem: trusted.cert, issuerPem: issuer.cert }
}
