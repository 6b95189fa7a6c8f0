/* Where workerd has no `gc` to call, one that does nothing: the lab then keeps fragments in memory, as where it has one. */

(globalThis as { gc?: () => void }).gc ??= () => {};
