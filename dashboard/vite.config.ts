// One page, one script and one style sheet under names with their hash, which `cms serve` embeds and serves below
// /dashboard/. `npm run dev` shows the source against a daemon that runs: CMS_API=http://127.0.0.1:8420.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const daemon = process.env.CMS_API ?? 'http://127.0.0.1:8420';

export default defineConfig({
  base: './',
  plugins: [svelte()],
  // Nothing inline: the page's Content-Security-Policy allows files of its own alone.
  build: { target: 'es2022', cssTarget: 'chrome123', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/v1': daemon } },
});
