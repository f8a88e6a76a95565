import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `npm start` passes API calls to a server on this machine, `npm run build` writes the package's files. */
export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": process.env.SIGHTLINE_URL ?? "http://127.0.0.1:4318" } },
  build: {
    outDir: process.env.SIGHTLINE_WEB_OUT ?? "../src/sightline/web",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
  },
});
