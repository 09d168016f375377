export { createApiHandler } from './api'
export type { ApiHandler } from './api'
export { authenticatedBy } from './authenticated'
export type { Authenticate } from './authenticated'
export { createWebHandler } from './web'
export type { WebHandler } from './web'
export { attachWebSocket } from './socket/attach'
export { attachToNext } from './socket/next-server'
export type { NextSocketOptions } from './socket/next-server'
export type { UpgradeServer } from './socket/takeover'
export type {
  ApiHandlerOptions,
  ApiRequest,
  ApiResponse,
  HandlerOptions,
  ManagerSource,
  RequestManager,
  User,
  WebHandlerOptions,
  WebSocketOptions,
} from './types'
