// Plans a workflow file without opening a database: bundled prices, shipped settings, no history. A stored agent is planned by the system itself.
import type { Config } from "../config/Config.ts";
import type { Clock } from "../core/clock.ts";
import { ProviderRegistry } from "../models/ProviderRegistry.ts";
import { forecastWorkflow } from "../pilot/forecastWorkflow.ts";
import { rememberedMcpPlugins } from "./openMcpServers.ts";
import { classifySteps, createClassifier } from "./createClassifier.ts";
import { planWorkflow } from "../pilot/planWorkflow.ts";
import { createBuiltinPlugins } from "../plugins/builtins.ts";
import { PluginManager } from "../plugins/PluginManager.ts";
import { silentLogger } from "../core/logger.ts";
import type { PlanReport, RunRequest } from "../systemApi.ts";
import { PriceBook } from "../tokens/pricing.ts";
import { TokenCounter } from "../tokens/TokenCounter.ts";
import { requireDefinition } from "../workflow/defineWorkflow.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import { requireWorkflow } from "../workflow/WorkflowParser.ts";

/** @throws AppError `WORKFLOW_INVALID` and its kin with file and line */
export async function planFile(
  config: Config,
  request: Pick<RunRequest, "source" | "definition" | "inputs" | "pricedAs">,
  clock: Clock,
): Promise<PlanReport> {
  const manager = new PluginManager();
  manager.register(...createBuiltinPlugins({ outboxFolder: config.outboxFolder, clock }));
  manager.register(...(await rememberedMcpPlugins(config, clock, silentLogger)));
  const definition = definitionOf(request, manager);
  const counter = await TokenCounter.load();
  const providers = await ProviderRegistry.create({
    // No call is made: whose key it would be made with does not matter.
    providers: config.providers.map(({ name, kind, baseUrl }) => ({ name, kind, baseUrl, apiKey: "not used" })),
    defaultModel: config.defaultModel,
    live: config.live,
    foundKeys: config.foundKeys,
    clock,
    counter,
    ollamaUrl: null,
  });
  const prices = await PriceBook.load({ providers: providers.pricedProviders, overrides: [], nowMs: () => clock.nowMs() });
  const services = { providers, prices, counter, catalog: manager };
  const { pricedAs = null, inputs = {} } = request;
  const { defaultModel } = config;
  const classifications = classifySteps(definition, createClassifier(manager));
  const forecast = forecastWorkflow({ agentId: "", definition, classifications, services, pricedAs, defaultModel });
  return planWorkflow({ definition, inputs, services, pricedAs, defaultModel, outlook: { classifications, forecast } }).report;
}

function definitionOf({ source, definition }: Pick<RunRequest, "source" | "definition">, catalog: PluginManager): WorkflowDefinition {
  if (source !== undefined) return requireWorkflow(source.text, { file: source.file, catalog });
  return requireDefinition(definition ?? {}, { catalog });
}
