import type { ApiVerification } from '@opentrail/core/api'
import { verificationSchema } from './answer-schemas.ts'
import { apiError, operation, type ApiOperation } from './operation.ts'

export interface VerificationParts {
  /** Of servers that show a bucket: how far its verification is. The first call begins it. */
  readonly verification?: () => ApiVerification
}

/** The digests and log files of a bucket that is shown: `opentrail open --verify`, for who looks from a browser. */
export const verificationOperation = (parts: VerificationParts): ApiOperation =>
  operation({
    method: 'GET',
    path: '/api/v1/verification',
    eventName: 'GetVerification',
    brief: 'Whether the digests and log files of the bucket that is shown are sound',
    details:
      'Of servers that `opentrail open` has started; for the trails of others there is `opentrail validate-logs`. The first call begins it; ask again while `state` is `running`. It covers every account, so it takes a principal that reads all.',
    parameters: {},
    answer: { json: verificationSchema },
    errors: [],
    async ask({ principal }) {
      if (!parts.verification)
        throw apiError(
          'AccessDeniedException',
          'Only servers that "opentrail open" has started verify by themselves. Verify the trails of this one with "opentrail validate-logs".',
        )
      if (!principal.allAccounts)
        throw apiError('AccessDeniedException', 'The verification covers every account; you read your own.')
      return { json: parts.verification() }
    },
  })
