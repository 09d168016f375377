import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FILES = ['next.config.js', 'next.config.mjs', 'next.config.cjs', 'next.config.ts']

/** What is still to be said in `next.config.js`, for the Next that the Studio has. */
export function nextConfig(studio: string): string[] {
  const file = FILES.find((name) => existsSync(join(studio, name)))
  const text = file === undefined ? '' : readFileSync(join(studio, file), 'utf8')
  if (text.includes('studio-multidb')) return []
  const old = (majorOfNext(studio) ?? 15) < 15
  const said = old
    ? [
        'webpack: (config, { isServer }) => {',
        '  if (isServer) {',
        "    for (const name of ['studio-multidb', 'studio-multidb/next'])",
        '      config.externals.push({ [name]: `commonjs ${name}` })',
        '  }',
        '  return config',
        '},',
        'experimental: { instrumentationHook: true }, // for subscriptions',
      ]
    : ["serverExternalPackages: ['studio-multidb'],"]
  return ['', `now add to ${file ?? 'next.config.js'}:`, ...said.map((line) => `  ${line}`)]
}

/** From the installed package, else from what `package.json` asks for. */
function majorOfNext(studio: string): number | undefined {
  const read = (path: string) => {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '{}'
    return JSON.parse(text) as { version?: string; dependencies?: Record<string, string> }
  }
  const version =
    read(join(studio, 'node_modules', 'next', 'package.json')).version ??
    read(join(studio, 'package.json')).dependencies?.next
  const major = Number(/\d+/.exec(version ?? '')?.[0])
  return Number.isNaN(major) ? undefined : major
}
