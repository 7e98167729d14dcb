export { createApi, type Api, type ApiOptions } from './api-routes.ts'
export { type ApiAnswer } from './api-answer.ts'
export { apiRoute, type ApiQuery, type ApiRoute, type ApiRouteOptions } from './api-route.ts'
export { authenticateCaller, requireRole, type AuthenticationOptions, type Caller } from './caller.ts'
