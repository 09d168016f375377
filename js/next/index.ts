export { createApiHandler } from './api'
export type { ApiHandler } from './api'
export { createWebHandler } from './web'
export type { WebHandler } from './web'
export type {
  ApiHandlerOptions,
  ApiRequest,
  ApiResponse,
  HandlerOptions,
  ManagerSource,
  RequestManager,
  User,
  WebHandlerOptions,
} from './types'
