import { createClient, type ClickHouseClient } from '@clickhouse/client'
import { Agent, type ClientRequestArgs } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** Connections kept open to the engine: its sessions, and some that wait for one. */
const socketsMax = 16
/** A request that has not ended by then is given up (and thereby killed); longer than the engine's own limit. */
const requestTimeoutMs = 310_000

class UnixSocketAgent extends Agent {
  readonly #socketPath: string
  constructor(socketPath: string) {
    super({ keepAlive: true, maxSockets: socketsMax })
    this.#socketPath = socketPath
  }
  override createConnection(
    _options: ClientRequestArgs,
    _callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    return connect(this.#socketPath)
  }
}

/** The ordinary ClickHouse client, dialling the engine's socket. */
export function createEngineClient(socketPath: string, token: string): ClickHouseClient {
  return createClient({
    url: 'http://localhost',
    username: 'default',
    password: token,
    http_agent: new UnixSocketAgent(socketPath),
    set_basic_auth_header: true,
    request_timeout: requestTimeoutMs,
    max_open_connections: socketsMax,
    log: { level: 127 },
  })
}
