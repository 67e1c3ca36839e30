// The rules the pages and their tests are held to.  What can run markup or text as code is
// an error here as well as in the browser, where the Content-Security-Policy forbids it.
import { defineConfig } from "eslint/config";
import globals from "globals";
import typescript from "typescript-eslint";

const forbidden = ["innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML"];

export default defineConfig([
  { ignores: ["tests/data/**", "html/vendor/*.js", "build/", "var/", "sdks/browser/dist/"] },
  {
    files: ["html/**/*.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.browser },
  },
  {
    // Tests hand functions to the browser, so they know the names of both sides.
    files: [
      "tests/**/*.js",
      "html/vendor/build.mjs",
      "sdks/browser/*.mjs",
      "sdks/browser/test/*.js",
      "*.config.js",
    ],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "module",
      globals: { ...globals.browser, ...globals.node },
    },
  },
  {
    rules: {
      "no-undef": "error",
      "no-unused-vars": ["error", { args: "after-used", caughtErrors: "none" }],
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: ["error", "always"],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-console": "error",
      "no-restricted-properties": ["error", ...forbidden.map((property) => ({ property }))],
    },
  },
  {
    // The compiler knows what is defined and what is used, better than the rules above.
    files: ["sdks/browser/**/*.ts"],
    extends: [typescript.configs.recommended],
    rules: { "no-undef": "off", "no-unused-vars": "off" },
  },
  {
    // Of two texts == is as good and a byte shorter; warnings go where the page lets them.
    files: ["sdks/browser/**/*.ts"],
    rules: { "no-console": ["error", { allow: ["error", "warn"] }], eqeqeq: "off" },
  },
  {
    // Tests of what listens to the console, and of what finds its way in any markup.
    files: ["sdks/browser/test/*.ts"],
    rules: { "no-console": "off", "no-restricted-properties": "off" },
  },
  {
    // api.js is the only caller of fetch.
    files: ["html/**/*.js"],
    ignores: ["html/common/api.js"],
    rules: { "no-restricted-globals": ["error", "fetch", "XMLHttpRequest"] },
  },
]);
