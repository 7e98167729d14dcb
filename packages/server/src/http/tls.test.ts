import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, test } from 'vitest'
import { makeCertificate, type TestCertificate } from './certificate.testing.ts'
import type { HttpServer } from './http-server.ts'
import { startServer } from './http.testing.ts'
import type { Route } from './route.ts'

const about: Route = {
  method: 'GET',
  path: '/',
  handle: (exchange) => exchange.respond({ status: 200, body: JSON.stringify(exchange.tls) }),
}

let folder: string
let server: HttpServer | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opentrail-tls-'))
})
afterEach(async () => {
  await server?.close(0)
  await rm(folder, { recursive: true })
})

const files = () => ({
  certFile: join(folder, 'tls.crt'),
  keyFile: join(folder, 'tls.key'),
  clientCaFile: join(folder, 'ca.crt'),
})
async function write({ certificate, key }: TestCertificate) {
  await writeFile(files().certFile, certificate)
  await writeFile(files().keyFile, key)
}

/** The answer's body and the name on the server's certificate. */
function get(options: RequestOptions): Promise<{ text: string; name: string }> {
  return new Promise((resolve, reject) => {
    const to = { host: server!.host, port: server!.port, agent: false as const, ...options }
    request(to, (incoming) => {
      const name = (incoming.socket as TLSSocket).getPeerCertificate().subject.CN?.toString() ?? ''
      incoming.setEncoding('utf8').on('data', (text: string) => resolve({ text, name }))
    })
      .once('error', reject)
      .end()
  })
}

test('a renewed certificate is served to new connections; a bad one leaves the old in force', async () => {
  const [first, second] = [makeCertificate('first'), makeCertificate('second')]
  await write(first)
  ;({ server } = await startServer({ routes: [about], tls: { kind: 'server', ...files() } }))
  const reply = await get({ ca: first.certificate })
  assert.equal(reply.name, 'first')
  const { tlsVersion, cipherSuite, clientProvidedHostHeader } = JSON.parse(reply.text)
  assert.deepEqual([tlsVersion, clientProvidedHostHeader], ['TLSv1.3', `127.0.0.1:${server.port}`])
  assert.match(cipherSuite, /^TLS_/)

  await writeFile(files().certFile, second.certificate)
  await assert.rejects(server.reloadCertificates(), /cannot be used with the key/)
  assert.equal((await get({ ca: first.certificate })).name, 'first')
  await write(second)
  await server.reloadCertificates()
  assert.equal((await get({ ca: second.certificate })).name, 'second')
})

test('clients without a certificate of the authority are turned away', async () => {
  const [own, authority] = [makeCertificate('server'), makeCertificate('authority')]
  const client = makeCertificate('client', authority.issuer)
  await write(own)
  await writeFile(files().clientCaFile, authority.certificate)
  ;({ server } = await startServer({ routes: [about], tls: { kind: 'mutual', ...files() } }))
  const ca = own.certificate
  assert.equal((await get({ ca, cert: client.certificate, key: client.key })).name, 'server')
  await assert.rejects(get({ ca }))
  const stranger = makeCertificate('client')
  await assert.rejects(get({ ca, cert: stranger.certificate, key: stranger.key }))
})

test('a server whose files are missing does not start', async () => {
  await assert.rejects(startServer({ routes: [about], tls: { kind: 'server', ...files() } }), { code: 'ENOENT' })
})
