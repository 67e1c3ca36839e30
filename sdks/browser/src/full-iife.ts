// SPDX-License-Identifier: MIT
import { autoInit } from "./auto.js";
import { init } from "./full.js";

autoInit(init);
