/** The worker's side: a real file, since strict content policies refuse workers made from blobs. */

import { load } from "./browser.js";
import type { Bundle } from "./bundle.js";
import { ScoreboxError } from "./error.js";
import type { Reply, Request } from "./worker-protocol.js";

let bundle: Bundle | undefined;

async function answer(request: Request): Promise<unknown> {
  if (request.method === "load") {
    bundle = await load(...request.args);
    return bundle.describe();
  }
  if (!bundle) throw new ScoreboxError("released", "no bundle is loaded in this worker");
  switch (request.method) {
    case "score":
      return bundle.score(...request.args);
    case "scoreBytes":
      return bundle.scoreBytes(...request.args);
    case "scoreBatch":
      return bundle.scoreBatch(...request.args);
    case "update":
      return bundle.update(...request.args);
    case "takeCounts":
      return bundle.takeCounts();
    case "monitor":
      return bundle.monitor(...request.args);
  }
}

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  const reply = (message: Reply) => self.postMessage(message);
  answer(data).then(
    (result) => reply({ id: data.id, result }),
    (thrown: unknown) => {
      const { code = "internal", path = "", message = "" } = thrown as Partial<ScoreboxError>;
      reply({ id: data.id, error: { code, path, message } });
    },
  );
});
