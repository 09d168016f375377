// `studio-multidb init`: the file for sockets, made for what the Studio has.

import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/processes'
import { studio, temporaryFolder } from './studio'

const authenticate = (code: string) => studio({ 'lib/api/apiAuthenticate.ts': code })

describe('the file for sockets fits the Studio’s own apiAuthenticate', () => {
  test.each([
    [
      'of the host',
      readFileSync(join(root, 'studio/lib/api/apiAuthenticate.ts'), 'utf8'),
      'Synchronous',
    ],
    [
      'that is async, and takes a response',
      `export async function apiAuthenticate(
        req: NextApiRequest, // not , a comma
        res: NextApiResponse<{ a: string, b: [number, number] }>
      ): Promise<UserContext | { error: ResponseError }> { return await find(req) }`,
      'Asynchronous',
    ],
    ['that is an arrow', 'export const apiAuthenticate = async (req, res) => 1', 'Asynchronous'],
    [
      'that has a type',
      'export const apiAuthenticate: Fn<A> = async (req: NextApiRequest) => 1',
      'Asynchronous',
    ],
    ['of one bare word', 'export const apiAuthenticate = req => req.user', 'Synchronous'],
    [
      'that is exported later',
      'async function apiAuthenticate(req) {}\nexport { apiAuthenticate }',
      'Asynchronous',
    ],
    [
      'with more that may be left out',
      'export function apiAuthenticate(req, res, strict = true) {}',
      'Synchronous',
    ],
    [
      'whose request has another name here',
      'import type { NextApiRequest as Req } from "next"\nexport function apiAuthenticate(req: Req) {}',
      'Synchronous',
    ],
    [
      'whose request has more',
      'interface Asked extends NextApiRequest { a: 1 }\nexport async function apiAuthenticate(r: Asked, res?: http.ServerResponse<X>): Promise<{ ok: true; id: string } | false> { return true }',
      'Asynchronous',
    ],
  ])('%s', (_, code, kind) => {
    const { sockets, said } = authenticate(code)
    expect(sockets).toContain("import { apiAuthenticate } from './api/apiAuthenticate'")
    expect(sockets).toContain('authenticatedBy(apiAuthenticate)')
    expect(sockets).toContain(`// ${kind}, of `)
    expect(said).not.toMatch(/TO DO.*Sockets/)
  })

  test('that is the default export', () => {
    const { sockets } = authenticate('export default async function authenticate(req, res) {}')
    expect(sockets).toContain("import apiAuthenticate from './api/apiAuthenticate'")
  })

  test('that another file defines', () => {
    const { sockets } = studio({
      'lib/api/apiAuthenticate/index.ts': "export { apiAuthenticate } from './session'",
      'lib/api/apiAuthenticate/session.ts': 'export async function apiAuthenticate(req, res) {}',
    })
    expect(sockets).toContain('// Asynchronous, of the request and a response.')
  })

  test.each([
    ['is missing', undefined],
    ['exports something else', 'export function authenticate(req) {}'],
    ['is only spoken of', '// export function apiAuthenticate(req) {}'],
    ['is made by a call', 'export const apiAuthenticate = withTracing(authenticate)'],
    ['wants a third argument', 'export function apiAuthenticate(req, res, scopes: string[]) {}'],
    ['wants a web Request', 'export async function apiAuthenticate(request: Request) {}'],
    ...[
      '({ req, res }: Context) {}',
      '({ req, res }) {}',
      '() {}',
      '(token: string) {}',
      '(token) {}',
      '(headers: Headers) {}',
      '(headers) {}',
      '(context: GetServerSidePropsContext) {}',
      '(request: string) {}',
      '(req: FastifyRequest) {}',
      '(...args) {}',
      '(res: NextApiResponse, req: NextApiRequest) {}',
      '(res, req) {}',
      '(req, options = {}) {}',
      '(req, role: string) {}',
      '(req, next) {}',
      '(req: NextApiRequest): Promise<boolean> { return ok(req) }',
      '(req, res): boolean { return ok(req) }',
      '(req): true | undefined { return ok(req) }',
      '(req): Promise<void> {}',
    ].map((code): [string, string] => [
      `is ${code}`,
      `export async function apiAuthenticate${code}`,
    ]),
    ['is curried', 'export const apiAuthenticate = (options) => async (req, res) => find(req)'],
    ['is curried by a request', 'export const apiAuthenticate = (req) => async (res) => find(req)'],
    [
      'is an arrow that says whether',
      'export const apiAuthenticate = async (req): Promise<boolean> => ok(req)',
    ],
    [
      'wants a web Request by another name',
      'import { NextRequest as R } from "next/server"\nexport async function apiAuthenticate(req: R) {}',
    ],
    [
      'wants one by the name of the other',
      'import { NextRequest as NextApiRequest } from "next/server"\nexport async function apiAuthenticate(req: NextApiRequest) {}',
    ],
    [
      'has a type of its own',
      'type NextApiRequest = { token: string }\nexport async function apiAuthenticate(req: NextApiRequest) {}',
    ],
    [
      'has overloads',
      'export function apiAuthenticate(req: NextApiRequest): A\nexport function apiAuthenticate(req, res?, next?) {}',
    ],
  ])('says so, in the file too, where it %s: and lets nobody in', (_, code) => {
    const { sockets, said } = code === undefined ? studio({}) : authenticate(code)
    expect(said).toMatch(/TO DO +lib\/multidbSockets\.ts: .*refused/)
    expect(sockets).toMatch(/TO DO: how this Studio authenticates could not be told/)
    expect(sockets).toMatch(/throw new Error/)
    expect(sockets).not.toContain('import { apiAuthenticate }')
  })

  test('is the one that the host has', () => {
    const host = join(root, 'studio')
    const folder = temporaryFolder()
    cpSync(join(host, 'package.json'), join(folder, 'package.json'))
    cpSync(join(host, 'lib/api'), join(folder, 'lib/api'), { recursive: true })
    cpSync(join(host, 'lib/constants.ts'), join(folder, 'lib/constants.ts'))
    execFileSync(process.execPath, [join(root, 'dist/cli.js'), 'init', folder])
    const written = (at: string) => readFileSync(join(at, 'lib/multidbSockets.ts'), 'utf8')
    expect(written(folder)).toBe(written(host))
  })
})
