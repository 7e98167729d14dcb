import '@cloudscape-design/global-styles/index.css'
import { createRoot } from 'react-dom/client'
import Button from '@cloudscape-design/components/button'

createRoot(document.getElementById('console')!).render(<Button>OpenTrail</Button>)
