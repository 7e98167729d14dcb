export {
  authenticateCall,
  proveCaller,
  type SignedCall,
  type SignedCallOptions,
  type SignedCallRules,
} from './authenticate-call.ts'
export { type CallOptions } from './aws-call.ts'
export { createAwsPlane, type AwsPlaneOptions, type SharedPathService } from './aws-plane.ts'
export { type Answer, type Exchange, type TlsDetails } from './exchange.ts'
export { createHttpServer, internalFailureText, type HttpServer, type HttpServerOptions } from './http-server.ts'
export { parseJsonObject } from './json-input.ts'
export { defaultLimits, type HttpLimits } from './limits.ts'
export {
  queryAnswer,
  queryErrorAnswer,
  queryErrorCode,
  xmlElement,
  type QueryProtocol,
  type XmlElement,
} from './query-answer.ts'
export { parseQueryParameters, queryMember, type QueryNode } from './query-protocol.ts'
export { createRefusalRecorder, type RefusalRecorder, type RefusalRecorderOptions } from './refusal-recorder.ts'
export { jsonError, type Route } from './route.ts'
export { createThrottle, type Throttle } from './throttle.ts'
export { type HttpTls } from './tls.ts'
export { describeCall, type CallName, type RefusedCallOptions } from './refused-call.ts'
export { signedService } from './signed-service.ts'
