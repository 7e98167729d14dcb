import fc from 'fast-check'
import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import { admitStatement, statementText } from './sql-gate.ts'
import { SqlRefusedError } from './sql-tokens.ts'

const none = new Map<string, string>()
const admit = (statement: string, parameters = none) => admitStatement(statement, parameters)

describe('the SQL gate', () => {
  test('refuses what is more than one harmless statement', () => {
    const refused = [
      '',
      ' ; ',
      '-- only a comment',
      'SELECT 1; SELECT 2',
      "SELECT ';' ; DROP TABLE x",
      'SELECT 1 /* ; */ ; SELECT 2',
      'SELECT 1 /* /* */ ; SELECT 2 -- */',
      "SELECT 1 INTO OUTFILE '/tmp/x'",
      "select 1 into\n/**/ outfile '/tmp/x'",
      "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT TSV",
      "INSERT INTO t (a) FROM INFILE '/etc/passwd' FORMAT TSV",
      "SELECT file('/etc/hostname')",
      "SELECT `file` ('/etc/hostname')",
      'SELECT "FILE"(\'/etc/hostname\')',
      "SELECT * FROM url('http://x', TSV)",
      "SELECT * FROM s3Cluster('c', 'x')",
      'SET max_threads = 1',
      'USE system',
      'SYSTEM SHUTDOWN',
      "ATTACH TABLE x FROM '/tmp'",
      'GRANT ALL ON *.* TO default',
      "KILL QUERY WHERE query_id = 'x' SYNC",
      'SELECT $$a$$',
      'SELECT 1 # comment',
      'SELECT ‘a’',
      'SELECT 1\0; SELECT 2',
      "SELECT 'open",
      'SELECT `a\\`',
      'SELECT {x:String}',
    ]
    for (const statement of refused) assert.throws(() => admit(statement), SqlRefusedError, statement)
  })

  test('lets ordinary statements through unchanged', () => {
    for (const statement of [
      'SELECT 1',
      "SELECT 'a;b', `c;d`, \"e\" FROM opentrail.t WHERE a != -1.5e3 AND b[1] = 'it''s \\' ok' -- end",
      '(SELECT 1) UNION ALL (SELECT 2)',
      'WITH a AS (SELECT 1) SELECT * FROM a',
      'CREATE TABLE opentrail.x (file String, url String) ENGINE = MergeTree ORDER BY file',
      'INSERT INTO t SELECT * FROM u',
    ]) {
      assert.ok(statement.startsWith(admit(statement).text), statement)
    }
    assert.equal(admit('SELECT 1 ; ;').text, 'SELECT 1')
  })

  test('settings become a clause of the one query, in an insert before its format', () => {
    const settings = new Map([['max_threads', '1'], ['log_comment', "it's"]]) // prettier-ignore
    assert.equal(
      statementText(admit('SELECT 1 FORMAT JSON'), settings),
      "SELECT 1 FORMAT JSON SETTINGS max_threads = 1, log_comment = 'it\\'s'",
    )
    assert.equal(
      statementText(admit('INSERT INTO a.t (b, c)\nFORMAT Native'), settings, '/spool/1').replaceAll(/\s+/g, ' '),
      "INSERT INTO a.t (b, c) FROM INFILE '/spool/1' SETTINGS max_threads = 1, log_comment = 'it\\'s' FORMAT Native",
    )
    assert.throws(() => statementText(admit('SELECT 1'), new Map([['a=1, b', '2']])), SqlRefusedError)
  })

  test('rows behind FORMAT are data, whatever they look like', () => {
    const admitted = admit('INSERT INTO t FORMAT JSONEachRow {"a":"; DROP TABLE x"}\n\nSELECT 1')
    assert.equal(admitted.kind, 'insert-data')
    assert.equal(admitted.inlineData, '{"a":"; DROP TABLE x"}\n\nSELECT 1')
  })

  test('no parameter value changes how the rest of a statement reads', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const text = admit('SELECT {a:String} AS a', new Map([['a', value]])).text
        assert.match(text, /^SELECT '(?:[^'\\\0]|\\[^])*' AS a$/u)
      }),
    )
    for (const [type, value] of [
      ['UInt8', '1 OR 1'],
      ['Int64', "1'"],
      ['Identifier', 'a` b'],
      ["String'", 'a'],
    ] as const)
      assert.throws(() => admit(`SELECT {a:${type}}`, new Map([['a', value]])), SqlRefusedError, type)
  })
})
