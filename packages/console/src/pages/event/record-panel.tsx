import Container from '@cloudscape-design/components/container'
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMemo, useState } from 'react'
import { readRecord, type RecordNode } from '../../text/record-tree.ts'
import { RecordTree } from './record-tree-view.tsx'
import { RawRecord } from './raw-record.tsx'

/** The record as a tree that can be searched, and as the bytes that every hash and signature is about. */
export function RecordPanel({ record }: { readonly record: string }) {
  const [view, setView] = useState('tree')
  const [text, setText] = useState('')
  const tree = useMemo(() => treeOf(record), [record])
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Raw is byte for byte what was recorded, and what log files hold."
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <SegmentedControl
                selectedId={tree ? view : 'raw'}
                label="Form of the record"
                options={[
                  { id: 'tree', text: 'Tree', disabled: !tree },
                  { id: 'raw', text: 'Raw' },
                ]}
                onChange={({ detail }) => setView(detail.selectedId)}
              />
              <CopyToClipboard
                copyButtonText="Copy"
                textToCopy={record}
                copySuccessText="The record is copied"
                copyErrorText="It could not be copied"
              />
            </SpaceBetween>
          }
        >
          Event record
        </Header>
      }
    >
      {tree && view === 'tree' ? (
        <SpaceBetween size="s">
          <Input
            type="search"
            value={text}
            onChange={({ detail }) => setText(detail.value)}
            placeholder="Find a name or a value in the record"
            ariaLabel="Find in the record"
          />
          <RecordTree root={tree} search={text.trim().toLowerCase()} />
        </SpaceBetween>
      ) : (
        <RawRecord text={record} />
      )}
    </Container>
  )
}

function treeOf(record: string): RecordNode | undefined {
  try {
    return readRecord(record)
  } catch {
    return undefined
  }
}
