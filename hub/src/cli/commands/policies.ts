import { plannedClasses } from '@edgewise/models/plan';
import { type DeviceClass, FleetError } from '@edgewise/protocol';
import type { ModelInfo, ModelPolicies } from '@edgewise/protocol/http';
import { type Command, Option } from 'commander';
import type { Client } from '../../client/client.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { type Io, percent, wholeNumber } from '../io.ts';
import { keptRecipe, registeredModel } from '../registered-model.ts';

/** Options that set policies, on any command that takes them. */
export interface PolicyFlags {
  readonly predictions?: ModelPolicies['predictions'];
  readonly autoRetrain?: 'on' | 'off';
  readonly labelBudget?: string;
  readonly windowSamples?: string;
  readonly for?: string;
}

/** `edgewise policies MODEL`: how a model is watched and renewed. */
export function addPolicies(program: Command, io: Io): void {
  withHub(
    program
      .command('policies <model>')
      .description('show or change how a model is watched and renewed')
      .addOption(predictionsOption())
      .addOption(
        new Option(
          '--auto-retrain <on|off>',
          'retrain and roll out without a person, when evidence and gates agree',
        ).choices(['on', 'off']),
      )
      .option('--label-budget <labels>', 'labels that one alarm may ask for')
      .option('--window-samples <inputs>', 'inputs of one window of counts, 50 to 10000')
      .addOption(buildForOption())
      .addHelpText(
        'after',
        '\nDevices learn what is changed with the next rollout.\n\nExamples:\n  edgewise policies digits\n  edgewise policies digits --predictions qos0 --auto-retrain on && edgewise rollout digits 1',
      ),
  ).action(async (model: string, options: HubOptions & PolicyFlags) => {
    const client = clientOf(options);
    const known = await registeredModel(client, model);
    const info = await changed(client, known, policiesOf(options));
    answer(io, options, info.policies, () => textOf(info));
  });
}

/** The model with other policies; what it is made from stays. */
async function changed(
  client: Client,
  known: ModelInfo,
  policies: Partial<ModelPolicies>,
): Promise<ModelInfo> {
  if (Object.keys(policies).length === 0) return known;
  const { id: model, dataset } = known;
  const recipe = await keptRecipe(client, known);
  return await client.call('putModel', { params: { model }, body: { dataset, recipe, policies } });
}

/** `--predictions`: whether devices publish them. */
export function predictionsOption(): Option {
  return new Option(
    '--predictions <how>',
    'whether devices publish each prediction over MQTT, for "edgewise watch" and any subscriber',
  ).choices(['off', 'qos0', 'qos1']);
}

/** `--for`: what every version from now on is built for. */
export function buildForOption(): Option {
  return new Option(
    '--for <classes>',
    `device classes that this and later versions are built for besides x64, x64-vnni and those of enrolled devices: ${plannedClasses().join(', ')}; "none" for no others`,
  );
}

/** The policies that the flags name. */
export function policiesOf(flags: PolicyFlags): Partial<ModelPolicies> {
  const { predictions, autoRetrain, labelBudget, windowSamples, for: classes } = flags;
  return {
    ...(predictions !== undefined && { predictions }),
    ...(autoRetrain !== undefined && { autoRetrain: autoRetrain === 'on' }),
    ...(labelBudget !== undefined && { labelBudget: wholeNumber('--label-budget', labelBudget) }),
    ...(windowSamples !== undefined && {
      windowSamples: wholeNumber('--window-samples', windowSamples),
    }),
    ...(classes !== undefined && { buildFor: classesOf(classes) }),
  };
}

function classesOf(text: string): DeviceClass[] {
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const known = plannedClasses().find((each) => each === name.trim());
    if (known !== undefined) return known;
    const all = plannedClasses().join(', ');
    throw new FleetError(
      'invalid-argument',
      `--for takes device classes joined by commas (${all}) or "none", not "${name}".`,
    );
  });
}

function textOf({ id, policies }: ModelInfo): string {
  return [
    id,
    `  predictions    ${policies.predictions}`,
    `  auto-retrain   ${policies.autoRetrain ? 'on' : 'off'}`,
    `  label budget   ${policies.labelBudget} for each alarm`,
    `  window         ${policies.windowSamples} inputs, ${policies.windowMinSpanMs / 1000} to ${policies.windowMaxSpanMs / 1000} s`,
    `  false alarms   ${policies.falseAlarmsPerDeviceYear} per device and year`,
    `  built for      x64, x64-vnni, enrolled devices${policies.buildFor.map((each) => `, ${each}`).join('')}`,
    `  may lose       ${percent(policies.toleratedLoss)} accuracy before it is retrained`,
  ].join('\n');
}
