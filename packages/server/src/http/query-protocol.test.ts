import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { ApiError } from '../operations/index.ts'
import { queryAnswer, queryErrorAnswer, xmlElement } from './query-answer.ts'
import { parseQueryParameters, queryMember } from './query-protocol.ts'
import { signedService } from './signed-service.ts'

const refusalOf = (...forms: (string | Uint8Array)[]): string => {
  try {
    parseQueryParameters(...forms)
  } catch (error) {
    assert.ok(error instanceof ApiError)
    return error.code
  }
  return assert.fail('was taken')
}

describe('parameters of the Query protocol', () => {
  test('values, structures, lists and maps of SQS and SNS', () => {
    const call = parseQueryParameters(
      'Action=Send+it&Body=a%26b%3D%C3%A9&Empty=&Flag' +
        '&Name.2=second&Name.1=first&Name.10=tenth&Old.member.1=x' +
        '&Attribute.1.Name=A&Attribute.1.Value=1' +
        '&Attributes.entry.1.key=K&Attributes.entry.1.value.DataType=String',
    )
    assert.equal(queryMember.string(call, 'Action'), 'Send it')
    assert.equal(queryMember.string(call, 'Body'), 'a&b=é')
    assert.equal(queryMember.string(call, 'Empty'), '')
    assert.equal(queryMember.string(call, 'Flag'), '')
    assert.equal(queryMember.string(call, 'Absent'), undefined)
    assert.deepEqual(queryMember.strings(call, 'Name'), ['first', 'second', 'tenth'])
    assert.deepEqual(queryMember.strings(call, 'Old'), ['x'])
    assert.deepEqual(queryMember.strings(call, 'Absent'), [])
    const [flat] = queryMember.entries(call, 'Attribute', { key: 'Name', value: 'Value' })
    assert.equal(flat?.key, 'A')
    assert.equal(flat.value.value, '1')
    const [entry] = queryMember.entries(call, 'Attributes')
    assert.equal(entry?.key, 'K')
    assert.equal(queryMember.string(entry.value, 'DataType'), 'String')
  })

  test('query and body together, without what belongs to the signature', () => {
    const call = parseQueryParameters('Action=A&X-Amz-Signature=abc&x-amz-date=1', Buffer.from('Version=1'))
    assert.deepEqual([...call.members.keys()], ['Action', 'Version'])
  })

  test('names of what JavaScript has built in are names like others', () => {
    const call = parseQueryParameters('__proto__.polluted=1&constructor=2&toString.1=3')
    assert.equal(queryMember.string(call, 'constructor'), '2')
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  })

  test('what is malformed, repeated or too much is refused', () => {
    const many = Array.from({ length: 2_001 }, (_, index) => `A.${index + 1}=1`).join('&')
    const hostile = ['A=%', 'A=%ff', '%zz=1', 'A=1&A=2', 'A..B=1', '.A=1', '=1', `A${'.1'.repeat(10)}=1`, many]
    for (const text of [...hostile, `${'A'.repeat(257)}=1`])
      assert.equal(refusalOf(text), 'MalformedQueryString', text.slice(0, 50))
    assert.equal(refusalOf(Buffer.from([0x41, 0x3d, 0xff])), 'MalformedQueryString')
    assert.equal(refusalOf('A=1', Buffer.from('A=1')), 'MalformedQueryString')
  })

  test('whatever comes in is read or refused', () => {
    const pieces = fc.constantFrom('A', '.', '=', '&', '1', '%41', '%', '+', 'member', 'entry', 'é', '\ud800', '\0')
    const text = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 200 })), (form) => {
        try {
          const call = parseQueryParameters(form)
          queryMember.list(call, 'A')
          queryMember.entries(call, 'A')
        } catch (error) {
          assert.ok(error instanceof ApiError && error.code === 'MalformedQueryString', String(error))
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

const protocol = { namespace: 'http://example.com/doc/' }

describe('answers of the Query protocol', () => {
  test('result, and none', () => {
    const result = [xmlElement('A', 'a<&>"\r\0\ud800'), undefined, xmlElement('B', [xmlElement('C', 1)])]
    assert.deepEqual(queryAnswer(protocol, 'Do', 'id-1', result), {
      status: 200,
      headers: { 'Content-Type': 'text/xml' },
      body:
        '<?xml version="1.0"?><DoResponse xmlns="http://example.com/doc/"><DoResult><A>a&lt;&amp;&gt;&quot;&#13;\ufffd\ufffd</A>' +
        '<B><C>1</C></B></DoResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DoResponse>',
    })
    assert.equal(
      queryAnswer(protocol, 'Do', 'id-1').body,
      '<?xml version="1.0"?><DoResponse xmlns="http://example.com/doc/">' +
        '<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DoResponse>',
    )
  })

  test('errors name whose fault it is', () => {
    const { status, body } = queryErrorAnswer(protocol, { code: 'X.Y', message: 'no <b>', status: 403 }, 'id-2')
    assert.equal(status, 403)
    assert.equal(
      body,
      '<?xml version="1.0"?><ErrorResponse xmlns="http://example.com/doc/"><Error><Type>Sender</Type><Code>X.Y</Code>' +
        '<Message>no &lt;b&gt;</Message><Detail></Detail></Error><RequestId>id-2</RequestId></ErrorResponse>',
    )
    const ours = queryErrorAnswer(protocol, { code: 'InternalFailure', message: '', status: 500 }, 'id-3')
    assert.match(String(ours.body), /<Type>Receiver</)
  })
})

test('the service that a request is signed for, in header and query', () => {
  const credential = 'Credential=AKID/20260304/eu-west-1/sqs/aws4_request'
  const signed = (authorization: string, target = '/') =>
    signedService({ method: 'POST', target, rawHeaders: ['Authorization', authorization] })
  assert.equal(signed(`AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host`), 'sqs')
  assert.equal(signed('Bearer abc', `/?X-Amz-${credential}`), undefined)
  const query = (target: string) => signedService({ method: 'GET', target, rawHeaders: [] })
  assert.equal(query(`/1/q?A=1&X-Amz-${credential.replaceAll('/', '%2F')}&B=1`), 'sqs')
  assert.equal(query(`/?X-Amz-${credential}`), 'sqs')
  assert.equal(query('/'), undefined)
})
