import { firstLife } from "../support/crash-lives.ts";
import { testEveryKill } from "../support/crash-matrix.ts";

testEveryKill([firstLife]);
