// Containers as Docker leaves them on disk, for the log viewer to find.

import { createHash } from "node:crypto";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export class Container {
  constructor(stack, name, labels = {}) {
    this.name = name;
    this.labels = labels;
    this.id = createHash("sha256").update(`${stack.home}/${name}`).digest("hex");
    this.directory = join(stack.home, "containers", this.id);
    this.path = join(this.directory, `${this.id}-json.log`);
  }

  async start() {
    const { project, service } = this.labels;
    await mkdir(this.directory);
    await writeFile(
      join(this.directory, "config.v2.json"),
      JSON.stringify({
        ID: this.id,
        Name: `/${this.name}`,
        Created: new Date().toISOString(),
        Config: {
          Image: "example:latest",
          Labels: { "com.docker.compose.project": project, "com.docker.compose.service": service },
        },
        State: { Running: true, OOMKilled: false, ExitCode: 0 },
        RestartCount: 0,
        LogPath: this.path,
      }),
    );
    await this.write([]);
    return this;
  }

  // Lines as texts, or as [text, milliseconds].
  write(lines) {
    const record = (line) => {
      const [text, time] = Array.isArray(line) ? line : [line, Date.now()];
      return `${JSON.stringify({ log: `${text}\n`, stream: "stdout", time: new Date(time).toISOString() })}\n`;
    };
    return appendFile(this.path, lines.map(record).join(""));
  }
}
