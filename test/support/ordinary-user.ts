const nobody = 65_534;

/**
 * Run with the rights of an ordinary user: root may read and write whatever the modes say. Work
 * that loads no further module, since the checkout may be readable by root only.
 */
export async function withoutPrivileges<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(nobody);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
