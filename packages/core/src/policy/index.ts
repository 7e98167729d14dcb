export {
  cloudTrailBucketPolicy,
  mayDeliver,
  type CloudTrailBucketPolicyOptions,
  type CloudTrailDelivery,
  type DeliveryAnswer,
  type DeliveryRight,
} from './cloudtrail-bucket-policy.ts'
export { evaluatePolicies, type PolicyDecision, type PolicyRequest } from './evaluate-policies.ts'
export { parsePolicy, type PolicyKind, type PolicyReading } from './parse-policy.ts'
export { policyTextBytesMax, type PolicyDocument, type PolicyStatement } from './policy-document.ts'
export { policyTemplates, type PolicyTemplate } from './policy-templates.ts'
export { type RequestPrincipal } from './principal.ts'
