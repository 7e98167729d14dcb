import Input from '@cloudscape-design/components/input'
import TopNavigation, { type TopNavigationProps } from '@cloudscape-design/components/top-navigation'
import { useState } from 'react'
import { goTo } from './place.ts'
import { useSession } from './session.tsx'
import { useSettings, type Settings } from './settings.tsx'

/** Account, Region and identity are always in sight. */
export function TopBar({ onHelp }: { readonly onHelp: () => void }) {
  const { session, signOut } = useSession()
  const { settings, change } = useSettings()
  const { principal, regions, accounts } = session
  const region = regions.includes(settings.region) ? settings.region : ''
  const who = `${principal.userName} @ ${accountText(settings.account, principal.account, accounts)}`
  const utilities: TopNavigationProps.Utility[] = [
    ...(session.server.mode === 'test'
      ? [{ type: 'button' as const, text: 'Test server', iconName: 'bug' as const, href: '#/start' }]
      : []),
    {
      type: 'menu-dropdown',
      text: region === '' ? 'All Regions' : region,
      ariaLabel: `Region: ${region === '' ? 'All Regions' : region}`,
      items: [
        { id: '', text: 'All Regions', itemType: 'checkbox', checked: region === '' },
        ...regions.map((name) => ({ id: name, text: name, itemType: 'checkbox' as const, checked: region === name })),
      ],
      onItemClick: ({ detail }) => change({ region: detail.id }),
    },
    {
      type: 'menu-dropdown',
      iconName: 'settings',
      ariaLabel: 'Settings',
      title: 'Settings',
      items: settingItems(settings),
      onItemClick: ({ detail }) => changeSetting(detail.id, change, onHelp),
    },
    {
      type: 'menu-dropdown',
      iconName: 'user-profile',
      text: who,
      ariaLabel: `Signed in as ${who}`,
      description: principal.arn,
      items: [
        ...(accounts.length > 1 ? [accountItems(settings.account, principal.account, accounts)] : []),
        { id: 'sign-out', text: 'Sign out' },
      ],
      onItemClick: ({ detail }) => {
        if (detail.id === 'sign-out') signOut()
        else change({ account: detail.id.replace(/^account:/, '') })
      },
    },
  ]
  return (
    <div id="top">
      <TopNavigation
        identity={{ href: '#/events', logo: { src: '/console/logo.svg', alt: 'OpenTrail' } }}
        search={<AskField />}
        utilities={utilities}
      />
    </div>
  )
}

function AskField() {
  const [question, setQuestion] = useState('')
  const ask = () => {
    if (question.trim() !== '') goTo('/ask', { question: question.trim() })
  }
  return (
    <div id="ask-field">
      <Input
        type="search"
        ariaLabel="Ask"
        placeholder="Ask: a name, a key, an ARN, an address, or who deleted what"
        value={question}
        onChange={({ detail }) => setQuestion(detail.value)}
        onKeyDown={({ detail }) => {
          if (detail.key === 'Enter') ask()
        }}
      />
    </div>
  )
}

const accountText = (chosen: string, own: string, accounts: readonly string[]): string =>
  chosen === '*' && accounts.length > 1 ? 'all accounts' : accounts.includes(chosen) ? chosen : own

const accountItems = (chosen: string, own: string, accounts: readonly string[]) => ({
  text: 'Accounts',
  items: [
    { id: 'account:*', text: 'All accounts', itemType: 'checkbox' as const, checked: chosen === '*' },
    ...accounts.map((id) => ({
      id: `account:${id}`,
      text: id,
      itemType: 'checkbox' as const,
      checked: id === (chosen === '' ? own : chosen),
    })),
  ],
})

const choices = {
  theme: { text: 'Theme', of: { light: 'Light', dark: 'Dark', system: 'As the system' } },
  density: { text: 'Density', of: { comfortable: 'Comfortable', compact: 'Compact' } },
  timeZone: { text: 'Times', of: { local: 'Local', utc: 'UTC' } },
} as const

const settingItems = (settings: Settings) => [
  ...Object.entries(choices).map(([name, { text, of }]) => ({
    id: name,
    text,
    items: Object.entries(of).map(([value, label]) => ({
      id: `${name}:${value}`,
      text: label,
      itemType: 'checkbox' as const,
      checked: settings[name as keyof typeof choices] === value,
    })),
  })),
  { id: 'help', text: 'Keys' },
]

function changeSetting(id: string, change: (changes: Partial<Settings>) => void, onHelp: () => void): void {
  const [name = '', value = ''] = id.split(':')
  if (name === 'help') onHelp()
  else change({ [name]: value })
}
