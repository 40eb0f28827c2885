/** Starts the page. */
import { render } from 'preact'
import { App } from './app.js'
import { ViewProvider } from './view.js'

render(
  <ViewProvider>
    <App />
  </ViewProvider>,
  document.getElementById('page')!,
)
