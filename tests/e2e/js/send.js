// Sends one small run through an exporter, and prints its trace id and how the export ended, as JSON.
//
//   node send.js proto|http|grpc none|gzip URL AGENT

const { SpanStatusCode, context, trace } = require("@opentelemetry/api");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace");

const [kind, compression, url, agent] = process.argv.slice(2);
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${kind}`);

const memory = new InMemorySpanExporter();
const provider = new TracerProvider({
  resource: resourceFromAttributes({ "service.name": "shop-front", "service.version": "7" }),
  spanProcessors: [new SimpleSpanProcessor({ exporter: memory })],
});
const tracer = provider.getTracer("ai");
const above = tracer.startSpan("ai.generateText", {
  attributes: { "ai.operationId": "ai.generateText", "ai.telemetry.functionId": agent },
});
const step = tracer.startSpan(
  "ai.generateText.doGenerate",
  {
    attributes: {
      "ai.operationId": "ai.generateText.doGenerate",
      "ai.model.id": "gpt-4o",
      "ai.model.provider": "openai.chat",
      "ai.prompt.messages": JSON.stringify([{ role: "user", content: [{ type: "text", text: `größer 💽, ${agent}?` }] }]),
      "ai.response.text": "Yes.\nIt is.",
      "ai.usage.promptTokens": 12,
      "ai.usage.completionTokens": 3,
      "ai.settings.stops": ["a", "b"],
      "ai.settings.temperature": 0.5,
    },
  },
  trace.setSpan(context.active(), above),
);
step.addEvent("ai.stream.firstChunk", { "ai.stream.msToFirstChunk": 12.5 });
step.setStatus({ code: SpanStatusCode.OK });
step.end();
above.end();

const exporter = new OTLPTraceExporter({ url, compression, timeoutMillis: 10_000 });
provider.forceFlush().then(() => {
  exporter.export(memory.getFinishedSpans(), async (result) => {
    await exporter.shutdown();
    console.log(JSON.stringify({ run: above.spanContext().traceId, code: result.code, error: result.error?.message }));
  });
});
