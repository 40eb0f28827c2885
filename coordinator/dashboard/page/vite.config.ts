/** Bundles the page into dist/dashboard, which the dashboard's server serves. Nothing is fetched from elsewhere, and nothing is inlined that its policy would refuse. */
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: {
    outDir: '../../../dist/dashboard',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  // `vite coordinator/dashboard/page` while working on the page: the data come from a `lossmith dashboard` beside it.
  server: { proxy: { '/api': 'http://127.0.0.1:7077' } },
})
