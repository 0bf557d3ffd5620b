import { firstLives } from "../support/crash-lives.ts";
import { testEveryKill } from "../support/crash-matrix.ts";

testEveryKill(firstLives);
