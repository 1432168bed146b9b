/** What a model's name looks like, wherever it comes from. */
export const modelName = /^[A-Za-z0-9][\w.:-]{0,99}$/;
