import { setTimeout as rest } from "node:timers/promises";
import { answerChars, type Prompt } from "./answers.ts";
import { Running, type Contestant } from "./contestant.ts";

/** What is measured, in the order of the table. */
export const metrics = {
  initialize: "spawn to initialize, ms",
  initializeCpu: "  its CPU, ms",
  firstAnswer: "spawn to first answer, ms",
  firstQuery: "first query after a rest, ms",
  query: "query of 200 deltas, ms",
  queryCpu: "  its CPU, ms",
  long: "20,000 deltas, ms",
  longCpu: "  their CPU, ms",
  longFirstCpu: "  their CPU the first time, ms",
  crowd: "50 queries at once, ms",
  crowdCpu: "  their CPU, ms",
  idleMb: "RSS idle, MB",
  lateMb: "RSS after 500 queries, MB",
} as const;

export type Metric = keyof typeof metrics;
/** Everything that one run saw of one contestant. */
export type Samples = Record<Metric, number[]>;

/** A run that saw nothing. */
function unmeasured(): Samples {
  return Object.fromEntries(Object.keys(metrics).map((metric) => [metric, []])) as unknown as Samples;
}

const starts = 5;
const restMs = 300;
const warmUpQueries = 50;
const warmQueries = 150;
const longQueries = 3;
const crowd = 50;
const queriesInAll = 500;

type Start = Record<"initialize" | "initializeCpu" | "firstAnswer", number>;

interface Cost {
  wall: number;
  cpu: number;
}

/** One run: some hurried starts, then the whole life of one process. */
export async function measureRun(contestant: Contestant): Promise<Samples> {
  const hurried = [];
  for (let n = 0; n < starts; n++) hurried.push(await hurriedStart(contestant));
  return {
    initialize: hurried.map(({ initialize }) => initialize),
    initializeCpu: hurried.map(({ initializeCpu }) => initializeCpu),
    firstAnswer: hurried.map(({ firstAnswer }) => firstAnswer),
    ...(await wholeLife(contestant)),
  };
}

/** Only the starts, for what differs in nothing else. */
export async function measureStarts(contestant: Contestant): Promise<Samples> {
  const samples = unmeasured();
  for (let n = 0; n < starts; n++) {
    const start = await hurriedStart(contestant);
    for (const metric of Object.keys(start) as (keyof Start)[]) samples[metric].push(start[metric]);
  }
  return samples;
}

/** Start it and ask at once. */
async function hurriedStart(contestant: Contestant): Promise<Start> {
  const started = performance.now();
  const running = new Running(contestant);
  await running.initialize();
  const initialize = performance.now() - started;
  const initializeCpu = running.cpuMs();
  await ask(running, "short");
  const firstAnswer = performance.now() - started;
  await running.end();
  return { initialize, initializeCpu, firstAnswer };
}

async function wholeLife(contestant: Contestant): Promise<Omit<Samples, keyof Start>> {
  const running = new Running(contestant);
  await running.initialize();
  await running.listTools();
  await rest(restMs);
  const idleMb = running.residentMb();
  const first = await cost(running, () => ask(running, "short"));
  const longFirst = await cost(running, () => ask(running, "long"));
  await repeat(warmUpQueries, () => ask(running, "short"));
  const warm = await repeat(warmQueries, () => cost(running, () => ask(running, "short")));
  const long = await repeat(longQueries, () => cost(running, () => ask(running, "long")));
  const together = await cost(running, async () => {
    await Promise.all(Array.from({ length: crowd }, () => ask(running, "short")));
  });
  const asked = 2 + warmUpQueries + warmQueries + longQueries + crowd;
  await repeat(queriesInAll - asked, () => ask(running, "short"));
  const lateMb = running.residentMb();
  await running.end();
  return {
    firstQuery: [first.wall],
    query: warm.map(({ wall }) => wall),
    queryCpu: [warm.reduce((sum, { cpu }) => sum + cpu, 0) / warmQueries],
    long: long.map(({ wall }) => wall),
    longCpu: long.map(({ cpu }) => cpu),
    longFirstCpu: [longFirst.cpu],
    crowd: [together.wall],
    crowdCpu: [together.cpu],
    idleMb: [idleMb],
    lateMb: [lateMb],
  };
}

async function ask(running: Running, prompt: Prompt): Promise<void> {
  await running.ask(prompt, answerChars(prompt));
}

async function cost(running: Running, work: () => Promise<void>): Promise<Cost> {
  const cpu = running.cpuMs();
  const started = performance.now();
  await work();
  return { wall: performance.now() - started, cpu: running.cpuMs() - cpu };
}

async function repeat<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let n = 0; n < times; n++) results.push(await work());
  return results;
}
