import type { Clocks, DemandJob, Job, Random, Timers } from '../clock/index.ts'
import type { ControlStore } from '../control/index.ts'
import type { Route, SharedPathService } from '../http/index.ts'
import type { KeyRing } from '../keyring/index.ts'
import type { QueueSink } from '../queues/index.ts'
import { createBuiltInTopicPublisher } from './built-in-topic-publisher.ts'
import { forgetUnconfirmed } from './confirmation.ts'
import { createDeliverMessage } from './deliver-message.ts'
import { openFanOut, type TopicEvents } from './fan-out.ts'
import { createHttpSubscribers, type HttpSubscriberOptions } from './http-subscriber.ts'
import { openMessageSigner } from './message-signer.ts'
import type { SnsParts } from './sns-call.ts'
import { createSnsService, type SnsFrontOptions } from './sns-front.ts'
import { createLinkRoutes, createMessageLinks } from './sns-links.ts'
import { createMayCall } from './subscriber-addresses.ts'
import { createSubscriptionTokens } from './subscription-tokens.ts'
import { createTopicAccess } from './topic-access.ts'
import { openTopicDirectory } from './topic-directory.ts'
import { defaultTopicLimits, type TopicLimits } from './topic-limits.ts'
import type { TopicPublisher } from './topic-publisher.ts'

export interface TopicsOptions extends Pick<HttpSubscriberOptions, 'resolve' | 'timeoutMs'> {
  readonly control: ControlStore
  readonly keyRing: Pick<KeyRing, 'cipher' | 'sealSecret' | 'openSecret' | 'derive'>
  readonly queues: QueueSink
  readonly clocks: Clocks
  readonly random: Random
  readonly events: TopicEvents
  /** Addresses and networks in which subscribers may be beside the public ones. */
  readonly subscriberNetworks: readonly string[]
  /** Where readers fetch the certificate from; `{region}` stands for the topic's. By default where `begin` says we are. */
  readonly certificateEndpoint?: string
  readonly limits?: Partial<TopicLimits>
  /** Real time where absent. */
  readonly timers?: Timers
}

/** The built-in topics: what they are asked over SNS's protocol, and what the trails' side publishes to. */
export interface Topics {
  readonly publisher: TopicPublisher
  /** For the schedule. */
  readonly jobs: readonly (DemandJob | Job)[]
  front(options: SnsFrontOptions): { readonly service: SharedPathService; readonly routes: readonly Route[] }
  /** Starts to send. `endpoint`: where clients reach us. */
  begin(endpoint: string): void
  /** Messages that wait for subscribers. */
  backlog(): number
  /** Stops sending; what waits is sent after the next start. */
  close(): Promise<void>
}

const hourMs = 3_600_000

/** @throws {ControlUnavailableError}; what the key ring throws; {TypeError} a network is none */
export async function openTopics(options: TopicsOptions): Promise<Topics> {
  const { control, keyRing, queues, clocks, random, certificateEndpoint, timers } = options
  const limits = { ...defaultTopicLimits, ...options.limits }
  const now = clocks.domain
  const directory = await openTopicDirectory(control)
  const signer = await openMessageSigner({ control, keyRing, random, wall: clocks.wall })
  const tokens = createSubscriptionTokens(keyRing.derive('SNS subscription tokens'))
  let endpoint = ''
  const settings = { endpoint: () => endpoint, ...(certificateEndpoint !== undefined && { certificateEndpoint }) }
  const http = createHttpSubscribers({ ...options, mayCall: createMayCall(options.subscriberNetworks) })
  const links = createMessageLinks(settings, tokens, signer)
  const deliver = createDeliverMessage({ directory, signer, links, queues, http })
  const { events } = options
  const fanOut = await openFanOut({
    control,
    directory,
    cipher: keyRing.cipher,
    deliver,
    now,
    limits,
    events,
    ...(timers && { timers }),
  })
  const parts: SnsParts = { directory, access: createTopicAccess(), fanOut, tokens, limits, random, now }
  return {
    publisher: createBuiltInTopicPublisher(parts),
    jobs: [
      fanOut.job,
      {
        name: 'unconfirmed subscriptions',
        everyMs: hourMs,
        run: (time) => forgetUnconfirmed(parts, time, (writes) => control.transact(writes)),
      },
    ],
    front: (front) => ({
      service: createSnsService(parts, front),
      routes: createLinkRoutes(parts, signer, front),
    }),
    begin(at) {
      endpoint = at
      fanOut.begin()
    },
    backlog: () => fanOut.backlog(),
    async close() {
      http.close()
      await fanOut.close()
    },
  }
}
