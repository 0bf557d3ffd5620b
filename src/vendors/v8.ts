import { setFlagsFromString } from "node:v8";

/**
 * V8 compiles a function that was called 3,000 times once more, for the best code it can make. A tick ends before that is
 * won back: without it, it takes a tenth less processor time. What is called far more often is still compiled so.
 */
export function spareCompiler(): void {
  setFlagsFromString("--invocation-count-for-turbofan=20000");
}
