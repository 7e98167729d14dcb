import type { ControlRoutes } from '../accounts/index.ts'
import type { SelfTrail } from '../selftrail/index.ts'
import type { ConsoleSessions } from './sessions.ts'
import type { SignInOptions } from './sign-in-routes.ts'

export interface LinkOptions extends Pick<SignInOptions, 'home'> {
  readonly sessions: ConsoleSessions
  readonly trail: Pick<SelfTrail, 'record'>
  endpoint(): string
}

/** The token stands behind the `#`: it is sent to no server and stands in no log. */
export const signInLink = (endpoint: string, sessions: ConsoleSessions): string =>
  `${endpoint}/console/#sign-in=${sessions.newLink()}`

/** For `opentrail console`: a new link, recorded as the machine owner's. */
export const linkRoutes = ({ sessions, trail, home, endpoint }: LinkOptions): ControlRoutes => ({
  '/console/link': async (_body, { caller: { requestId, sourceIPAddress, userAgent } }) => {
    await trail.record({
      identity: { kind: 'machine-owner', account: home.account },
      region: home.region,
      eventSource: 'signin.amazonaws.com',
      eventName: 'GetSigninToken',
      eventType: 'AwsConsoleSignIn',
      readOnly: false,
      requestId,
      sourceIPAddress,
      userAgent,
    })
    return { url: signInLink(endpoint(), sessions) }
  },
})
