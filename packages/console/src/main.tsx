import '@cloudscape-design/global-styles/index.css'
import './console.css'
import { createRoot } from 'react-dom/client'
import { App } from './shell/app.tsx'

createRoot(document.getElementById('console')!).render(<App />)
