import type { PolicyRequest } from '@opentrail/core/policy'
import type { EncryptionContext } from './key-service.ts'

/**
 * What a policy can ask about an encryption context. Condition keys have no letter case, so of two names that differ in it
 * alone nobody could say which one a policy means: such a request is denied by the evaluator.
 */
export const contextConditions = (context: EncryptionContext): PolicyRequest['context'] => ({
  ...Object.fromEntries(Object.entries(context).map(([name, value]) => [`kms:EncryptionContext:${name}`, value])),
  'kms:EncryptionContextKeys': Object.keys(context),
  'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
})
