// Uploading a source map from the page.  It is compressed on the way: lighttpd lets a larger body in only with the
// admin key in its header, which a page does not hold.

import { html, useRef, useState } from "./vendor/preact.js";
import { send } from "./common/api.js";
import { Problem } from "./common/problem.js";
import { toast } from "./common/toast.js";
import { query } from "./common/url.js";

const compressed = (file) => new Response(file.stream().pipeThrough(new CompressionStream("gzip"))).blob();

const upload = async (place, file) =>
  send(`api/source-maps${query(place)}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" },
    body: await compressed(file),
  });

// What a file is called where it is served: app.min.js.map belongs to app.min.js.
const served = (name) => `/${name.replace(/\.map$/, "")}`;

export function Upload({ done, projects }) {
  const form = useRef(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const chosen = (event) => {
    const { file_url: url } = form.current.elements;
    const [file] = event.target.files;
    if (file && !url.value) url.value = served(file.name);
  };
  const submit = async (event) => {
    event.preventDefault();
    const { project, release, file_url: url, file } = form.current.elements;
    if (busy || !file.files.length) return;
    setBusy(true);
    setError(null);
    try {
      const place = {
        project: project.value.trim(),
        release: release.value.trim(),
        file_url: url.value.trim(),
      };
      await upload(place, file.files[0]);
      toast(`The map of ${place.file_url} is stored`);
      form.current.reset();
      await done();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return html`<form class="sheet make" ref=${form} onSubmit=${submit} aria-label="Upload a source map">
    <label>Map<input name="file" type="file" accept=".map,.json" required onChange=${chosen} /></label>
    <label>Project<input name="project" required maxlength="100" autocomplete="off" list="projects" /></label>
    <label>Release<input name="release" required maxlength="100" autocomplete="off" placeholder="1.0.0" /></label>
    <label>Served as<input name="file_url" required maxlength="500" autocomplete="off" spellcheck="false" placeholder="/assets/app.min.js" /></label>
    <button class="primary" disabled=${busy}>${busy ? "Uploading…" : "Upload"}</button>
    <datalist id="projects">${projects.map((project) => html`<option value=${project}></option>`)}</datalist>
    <${Problem} error=${error} />
  </form>`;
}
