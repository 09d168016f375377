/** @type {import('next').NextConfig} */
module.exports = {
  reactStrictMode: true,
  output: 'standalone',
  // This folder has a lockfile of its own; without it Next takes the repository's for the root.
  // A Studio in a workspace keeps its own setting.
  outputFileTracingRoot: __dirname,

  // A native addon is loaded from `node_modules`, never bundled.
  serverExternalPackages: ['studio-multidb'],
  // For a Studio whose Next is older than 15, or whose own webpack settings bundle externals:
  //
  // webpack: (config, { isServer }) => {
  //   if (isServer) config.externals.push({ 'studio-multidb': 'commonjs studio-multidb' })
  //   if (isServer) config.externals.push({ 'studio-multidb/next': 'commonjs studio-multidb/next' })
  //   return config
  // },
}
