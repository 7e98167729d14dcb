import Box from '@cloudscape-design/components/box'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Modal from '@cloudscape-design/components/modal'

const keys = [
  ['/', 'Ask'],
  ['f', 'Filter the events'],
  ['r', 'Look again'],
  ['l', 'Live events on and off'],
  ['g h', 'Event history'],
  ['g a', 'Answers'],
  ['g d', 'Dashboard'],
  ['g t', 'Trails'],
  ['g l', 'Timelines'],
  ['g s', 'Send events'],
  ['?', 'This list'],
] as const

export const ShortcutsHelp = ({ onDismiss }: { readonly onDismiss: () => void }) => (
  <Modal visible header="Keys" onDismiss={onDismiss}>
    <KeyValuePairs
      columns={2}
      items={keys.map(([key, meaning]) => ({ label: meaning, value: <Box variant="code">{key}</Box> }))}
    />
  </Modal>
)
