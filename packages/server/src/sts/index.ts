export { createStsRoutes, type StsFrontOptions } from './sts-front.ts'
