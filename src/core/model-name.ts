/**
 * What a model's name looks like, wherever it comes from: so each that a list shows can be asked for.
 * The longest are those of fine-tuned models, `ft:<model>:<organization>:<suffix>:<id>`.
 */
export const modelName = /^[A-Za-z0-9][\w.:-]{0,199}$/;
