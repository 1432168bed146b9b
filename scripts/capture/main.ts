// A terminal's output as a picture: `tmux capture-pane -e -p | node dist/test/capture.cjs TITLE [COLUMNS] > x.svg`.
import { text } from "node:stream/consumers";
import { screenOf } from "./screen.ts";
import { toSvg } from "./svg.ts";

const [title = "terminal", columns = "100"] = process.argv.slice(2);

void text(process.stdin).then((output) => {
  const lines = screenOf(output, Number(columns));
  process.stdout.write(toSvg({ lines, columns: Number(columns), title }));
});
