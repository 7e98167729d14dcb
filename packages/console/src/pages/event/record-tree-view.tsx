import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import { formatSearch, type PathStep } from '@opentrail/core/search'
import { useState } from 'react'
import { hrefOf } from '../../shell/place.ts'
import { contains, type RecordNode } from '../../text/record-tree.ts'
import { UntrustedText } from '../../text/untrusted-text.tsx'

/** Members or elements shown at once: lists in records are up to some thousand long. */
const shownMax = 100
/** What is open at first. */
const openDepth = 3

/** `search` in small letters: only what contains it is shown, and all of that is open. */
export function RecordTree({ root, search }: { readonly root: RecordNode; readonly search: string }) {
  return (
    <ul className="tree">
      <Children node={root} path={[]} depth={0} search={search} />
    </ul>
  )
}

interface Place {
  readonly path: readonly PathStep[]
  readonly depth: number
  readonly search: string
}

function Children({ node, path, depth, search }: Place & { readonly node: RecordNode }) {
  const [shown, setShown] = useState(shownMax)
  const all = childrenOf(node).filter(([name, child]) => search === '' || contains(String(name), child, search))
  return (
    <>
      {all.slice(0, shown).map(([name, child], i) => (
        <Branch
          // Names may come twice.
          key={`${i} ${name}`}
          name={name}
          node={child}
          path={[...path, name]}
          depth={depth}
          // Of a member whose own name was found all is shown.
          search={search !== '' && String(name).toLowerCase().includes(search) ? '' : search}
          isFound={search !== ''}
        />
      ))}
      {all.length > shown && (
        <li>
          <Button variant="inline-link" onClick={() => setShown(shown * 10)}>
            {(all.length - shown).toLocaleString()} more
          </Button>
        </li>
      )}
      {all.length === 0 && depth === 0 && <li>Nothing in the record contains this.</li>}
    </>
  )
}

const childrenOf = (node: RecordNode): readonly (readonly [string | number, RecordNode])[] =>
  node.kind === 'object'
    ? node.members
    : node.kind === 'array'
      ? node.elements.map((element, i) => [i, element] as const)
      : []

function Branch({
  name,
  node,
  isFound,
  ...place
}: Place & { readonly name: string | number; readonly node: RecordNode; readonly isFound: boolean }) {
  const [opened, setOpened] = useState<boolean>()
  const isOpen = opened ?? (isFound || place.depth < openDepth)
  const count = childrenOf(node).length
  const label = (
    <span className="member-name">
      <UntrustedText text={String(name)} />
    </span>
  )
  if (node.kind === 'string' || node.kind === 'literal')
    return (
      <li>
        <span className="leaf-mark" aria-hidden="true" />
        {label}: <Value node={node} path={place.path} />
      </li>
    )
  const brackets = node.kind === 'array' ? `[${count}]` : `{${count}}`
  return (
    <li>
      <button
        type="button"
        className="fold"
        aria-expanded={isOpen}
        aria-label={`${name}, ${count} inside`}
        onClick={() => setOpened(!isOpen)}
      >
        {isOpen ? '▾' : '▸'}
      </button>
      {label} <span aria-hidden="true">{brackets}</span>
      {isOpen && count > 0 && (
        <ul>
          <Children node={node} path={place.path} depth={place.depth + 1} search={place.search} />
        </ul>
      )}
    </li>
  )
}

/** A value leads to all events that have it at this place. */
function Value({
  node,
  path,
}: {
  readonly node: Extract<RecordNode, { readonly text: string }>
  readonly path: readonly PathStep[]
}) {
  if (node.kind === 'literal' || node.text.length > linkedMax) return <UntrustedText text={quoted(node)} />
  const where = formatSearch({ kind: 'path', path, comparison: '=', values: [node.text], wildcards: false })
  return (
    <Link href={hrefOf('/events', { where, from: '-7d' })}>
      <UntrustedText text={quoted(node)} />
    </Link>
  )
}

/** Longer values are no names. */
const linkedMax = 256

const quoted = ({ kind, text }: Extract<RecordNode, { readonly text: string }>): string =>
  kind === 'string' ? `"${text}"` : text
